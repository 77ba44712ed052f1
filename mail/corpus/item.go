package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

// Kinds of items.
const (
	kindMail      = "mail"
	kindText      = "reply-text"
	kindHTML      = "reply-html"
	kindSignature = "signature-text"
	kindThread    = "thread-template"
)

// item is one line of the manifest.
type item struct {
	File     string                     `json:"file"`
	Kind     string                     `json:"kind"`
	Expected map[string]json.RawMessage `json:"expected"`
}

// has says whether a field has an expected value.
func (i item) has(field string) bool {
	v, ok := i.Expected[field]
	return ok && string(v) != "null"
}

// want reads an expected value into v.
func (i item) want(field string, v any) bool {
	raw, ok := i.Expected[field]
	return ok && json.Unmarshal(raw, v) == nil
}

// readManifest reads a file of one JSON object a line.
func readManifest(name string) ([]item, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // opened for reading
	var items []item
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var i item
		if err := json.Unmarshal(lines.Bytes(), &i); err != nil {
			return nil, fmt.Errorf("manifest line %d: %w", len(items)+1, err)
		}
		items = append(items, i)
	}
	return items, lines.Err()
}
