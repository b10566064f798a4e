// Syft's and grype's command lines, and the building of a database for grype, in one program: nine tenths of their packages are the same, and so
// they are compiled and linked once. By which name it is called says which of the three it is.
package main

import (
	"log"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/anchore/clio"
	grype "github.com/anchore/grype/cmd/grype/cli"
	"github.com/anchore/grype/grype/db"
	"github.com/anchore/grype/grype/db/provider"
	v6 "github.com/anchore/grype/grype/db/v6"
	syft "github.com/anchore/syft/cmd/syft/cli"
	_ "github.com/glebarez/sqlite"
)

func main() {
	switch name := filepath.Base(os.Args[0]); name {
	case "syft":
		syft.Application(identification(name)).Run()
	case "grype":
		grype.Application(identification(name)).Run()
	case "grype-db":
		if err := build(os.Args[1], os.Args[2]); err != nil {
			log.Fatal(err)
		}
	default:
		log.Fatalf("called as %s: syft, grype or grype-db it is", name)
	}
}

// The version that go.mod names.
func identification(name string) clio.Identification {
	version := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == "github.com/anchore/"+name {
				version = module.Version[1:]
			}
		}
	}
	return clio.Identification{Name: name, Version: version}
}

// A database of this schema in a folder, of one provider's records as their crawler leaves them: metadata.json and what it names.
func build(metadata, folder string) error {
	state, err := provider.ReadState(metadata)
	if err != nil {
		return err
	}
	return db.Build(db.BuildConfig{
		SchemaVersion: v6.ModelVersion, Directory: folder, States: provider.States{*state}, Timestamp: time.Now(), Hydrate: true,
	})
}
