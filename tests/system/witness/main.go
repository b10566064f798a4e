// A foreign witness: cosigns checkpoints, and checks cosignatures, with transparency-dev's own package, which shares no line with lockgate.
//
//	witness sign SKEY < TEXT      prints the note that the witness cosigned
//	witness check VKEY < NOTE     prints "ok" where this witness cosigned it, or "FAIL <why>"
package main

import (
	"fmt"
	"io"
	"os"

	cosignature "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
)

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Println("FAIL", err)
		os.Exit(1)
	}
}

func run(what, key string) error {
	data, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	if what == "sign" {
		signer, err := cosignature.NewSignerForCosignatureV1(key)
		if err != nil {
			return err
		}
		signed, err := note.Sign(&note.Note{Text: string(data)}, signer)
		if err != nil {
			return err
		}
		_, err = os.Stdout.Write(signed)
		return err
	}
	verifier, err := cosignature.NewVerifierForCosignatureV1(key)
	if err != nil {
		return err
	}
	if _, err := note.Open(data, note.VerifierList(verifier)); err != nil {
		return err
	}
	fmt.Println("ok")
	return nil
}
