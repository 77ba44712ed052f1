// Command corpus reads the mails of a manifest with package mail, writes what
// it found in the form that the corpus's score.py reads, and prints the same
// figures.
//
//	go run ./mail/corpus MANIFEST RESULTS
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: corpus MANIFEST.jsonl RESULTS.jsonl")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "corpus:", err)
		os.Exit(1)
	}
}

// run reads every item of the manifest and writes one result a line.
func run(manifest, results string) (err error) {
	items, err := readManifest(manifest)
	if err != nil {
		return err
	}
	out, err := os.Create(results)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	buf := bufio.NewWriter(out)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	score := newScore()
	for _, item := range items {
		if item.Kind == kindThread {
			continue
		}
		r := read(filepath.Dir(manifest), item)
		if err := enc.Encode(r); err != nil {
			return err
		}
		score.count(item, r)
	}
	if err := scoreThreads(filepath.Dir(manifest), items, score); err != nil {
		return err
	}
	score.print(os.Stdout)
	return buf.Flush()
}
