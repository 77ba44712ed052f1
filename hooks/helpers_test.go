package hooks_test

import (
	"errors"
	"fmt"

	"github.com/pocketbase/pocketbase/tools/router"
)

func errorData(err error) map[string]string {
	var api *router.ApiError
	out := map[string]string{}
	if errors.As(err, &api) {
		for field, v := range api.Data {
			out[field] = fmt.Sprintf("%+v", v)
		}
	}
	return out
}

func errorStatus(err error) int {
	var api *router.ApiError
	if errors.As(err, &api) {
		return api.Status
	}
	return 0
}
