// Reads an exported log with Go's own sumdb packages, which share no line with lockgate:
//
//	sumdb DIRECTORY VKEY
//
// checks the checkpoint's signature, every leaf against the tiles that hash to the signed root, the inclusion of
// every 997th leaf, and the consistency with the trees of every 997th size. Prints "ok <size>", or "FAIL <why>".
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type files string

func (dir files) Height() int { return 8 }

func (dir files) SaveTiles([]tlog.Tile, [][]byte) {}

func (dir files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range tiles {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1) // tlog-tiles leaves the height out
		data, err := os.ReadFile(filepath.Join(string(dir), path))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

func main() {
	size, err := check(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Println("FAIL", err)
		os.Exit(1)
	}
	fmt.Println("ok", size)
}

func check(dir, vkey string) (int64, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return 0, err
	}
	data, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return 0, err
	}
	signed, err := note.Open(data, note.VerifierList(verifier))
	if err != nil {
		return 0, err
	}
	lines := strings.Split(signed.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	root, err2 := base64.StdEncoding.DecodeString(lines[2])
	if lines[0] != verifier.Name() || err != nil || err2 != nil || len(root) != tlog.HashSize {
		return 0, fmt.Errorf("checkpoint of %q: %v %v", lines[0], err, err2)
	}
	tree := tlog.Tree{N: size, Hash: tlog.Hash(root)}
	hashes := tlog.TileHashReader(tree, files(dir))
	var bundle []byte
	var stored []tlog.Hash
	for index := int64(0); index < size; index++ {
		if index%256 == 0 {
			if len(bundle) != 0 {
				return 0, fmt.Errorf("%d bytes too many before entry %d", len(bundle), index)
			}
			tile := tlog.Tile{H: 8, L: 0, N: index / 256, W: int(min(256, size-index))}
			path := strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1)
			if bundle, err = os.ReadFile(filepath.Join(dir, path)); err != nil {
				return 0, err
			}
			places := make([]int64, tile.W)
			for at := range places {
				places[at] = tlog.StoredHashIndex(0, index+int64(at))
			}
			if stored, err = hashes.ReadHashes(places); err != nil {
				return 0, err
			}
		}
		if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
			return 0, fmt.Errorf("entry %d is cut off", index)
		}
		end := 2 + int(binary.BigEndian.Uint16(bundle))
		leaf := tlog.RecordHash(bundle[2:end])
		bundle = bundle[end:]
		if stored[index%256] != leaf {
			return 0, fmt.Errorf("entry %d", index)
		}
		if index%997 != 0 {
			continue
		}
		record, err := tlog.ProveRecord(size, index, hashes)
		if err == nil {
			err = tlog.CheckRecord(record, size, tree.Hash, index, leaf)
		}
		if err != nil {
			return 0, fmt.Errorf("inclusion of %d: %v", index, err)
		}
		older, err := tlog.TreeHash(index+1, hashes)
		if err != nil {
			return 0, err
		}
		growth, err := tlog.ProveTree(size, index+1, hashes)
		if err == nil {
			err = tlog.CheckTree(growth, size, tree.Hash, index+1, older)
		}
		if err != nil {
			return 0, fmt.Errorf("consistency with %d: %v", index+1, err)
		}
	}
	if len(bundle) != 0 {
		return 0, fmt.Errorf("%d bytes too many at the end", len(bundle))
	}
	return size, nil
}
