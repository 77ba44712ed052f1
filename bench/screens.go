package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
)

// preloaded finds what the first page asks for before any script runs.
var preloaded = regexp.MustCompile(`(?:src|href)="(/[^"]+\.(?:js|css|svg|woff2))"`)

// measureScreens adds up what a browser loads for the first screen, as served:
// all of it when it comes for the first time, and again when it comes back.
func (b *bench) measureScreens(ctx context.Context) error {
	info, err := os.Stat(b.bin)
	if err != nil {
		return err
	}
	b.report.add(measure{Name: "size of the executable", Figure: float64(info.Size()) / 1e6, Unit: "MB"})
	d, err := b.setUp(ctx, "screens")
	if err != nil {
		return err
	}
	defer d.stop()
	if err := d.start(ctx, b.bin); err != nil {
		return err
	}
	page, _, index, err := d.load(ctx, "/", "")
	if err != nil {
		return err
	}
	cold, warm := page, 0
	plain, err := d.get(ctx, "/")
	if err != nil {
		return err
	}
	found := preloaded.FindAllStringSubmatch(plain, -1)
	if len(found) == 0 {
		return fmt.Errorf("the executable was built without its screens")
	}
	if again, _, _, err := d.load(ctx, "/", index); err == nil {
		warm += again
	}
	for _, m := range found {
		size, immutable, etag, err := d.load(ctx, m[1], "")
		if err != nil {
			return err
		}
		cold += size
		if !immutable {
			again, _, _, err := d.load(ctx, m[1], etag)
			if err != nil {
				return err
			}
			warm += again
		}
	}
	b.report.add(measure{Name: "first screen cold, files", Figure: float64(cold) / 1000, Unit: "kB", Goal: 90, Peer: "308"})
	b.report.add(measure{Name: "first screen warm, files", Figure: float64(warm) / 1000, Unit: "kB", Goal: 10})
	return nil
}

// load asks for a path as a browser does and answers the bytes of head and
// body. known is the etag that the browser has, "" for none.
func (d *desk) load(ctx context.Context, path, known string) (size int, immutable bool, etag string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.admin.url+path, nil)
	if err != nil {
		return 0, false, "", err
	}
	req.Header.Set("Accept-Encoding", "gzip, br")
	if known != "" {
		req.Header.Set("If-None-Match", known)
	}
	res, err := d.admin.client.Do(req)
	if err != nil {
		return 0, false, "", err
	}
	defer res.Body.Close() // read only
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, false, "", err
	}
	if res.StatusCode >= 400 {
		return 0, false, "", fmt.Errorf("%s: %s", path, res.Status)
	}
	var head bytes.Buffer
	_ = res.Header.Write(&head) // writes into memory
	return head.Len() + len(body), strings.Contains(res.Header.Get("Cache-Control"), "immutable"), res.Header.Get("ETag"), nil
}

func (d *desk) get(ctx context.Context, path string) (string, error) {
	res, err := d.admin.open(ctx, http.MethodGet, path, nil)
	if err != nil {
		return "", err
	}
	defer res.Body.Close() // read only
	raw, err := io.ReadAll(res.Body)
	return string(raw), err
}
