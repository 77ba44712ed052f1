package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// api speaks to a desk as one person or program.
type api struct {
	url, token string
	client     *http.Client
}

func newAPI(url string) *api {
	return &api{url: url, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
}

// as is the same desk with another token.
func (a *api) as(token string) *api { return &api{a.url, token, a.client} }

// call sends body as JSON and reads the answer into out, where these are given.
func (a *api) call(ctx context.Context, method, path string, body, out any) error {
	res, err := a.open(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer res.Body.Close() // read to its end below
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %.300s", method, path, res.Status, raw)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(raw, out)
}

func (a *api) open(ctx context.Context, method, path string, body any) (*http.Response, error) {
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		reader = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, a.url+path, reader)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if a.token != "" {
		req.Header.Set("Authorization", a.token)
	}
	return a.client.Do(req)
}

func (a *api) create(ctx context.Context, collection string, values map[string]any) (string, error) {
	var out struct{ ID string }
	err := a.call(ctx, http.MethodPost, "/api/collections/"+collection+"/records", values, &out)
	return out.ID, err
}

// signIn gets the token of somebody with a password.
func (a *api) signIn(ctx context.Context, collection string) (token, id string, err error) {
	var out struct {
		Token  string
		Record struct{ ID string }
	}
	err = a.call(ctx, http.MethodPost, "/api/collections/"+collection+"/auth-with-password", map[string]any{"identity": adminEmail, "password": adminPassword}, &out)
	return out.Token, out.Record.ID, err
}
