package hooks

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/pocketbase/ozzo-validation/v4"
	"github.com/pocketbase/pocketbase/apis"
	"github.com/pocketbase/pocketbase/core"
	"github.com/pocketbase/pocketbase/tools/router"

	"github.com/deskbell/deskbell/collections"
	"github.com/deskbell/deskbell/itil"
	"github.com/deskbell/deskbell/mail"
)

// refuse turns a broken rule into the answer that PocketBase's clients know:
// 400 with data.<field>.code and a sentence. Other errors pass unchanged.
func refuse(err error) error {
	var r *itil.Refusal
	if !errors.As(err, &r) {
		return err
	}
	return apis.NewApiError(http.StatusBadRequest, r.Message, validation.Errors{r.Field: validation.NewError(r.Code, r.Message)})
}

// aboutStep says of a refusal that it is the step which was refused, whatever
// field has to change for it: data.state.code is where scripts look, and the
// sentence names the steps that are possible.
func aboutStep(err error, step bool, possible string) error {
	var refused *router.ApiError
	if !step || !errors.As(err, &refused) || refused.Status != http.StatusBadRequest || refused.Data["state"] != nil {
		return err
	}
	for field, reason := range refused.Data {
		item, ok := reason.(map[string]any)
		if !ok {
			continue
		}
		code, text := fmt.Sprint(item["code"]), fmt.Sprint(item["message"])
		if possible != "" && !strings.Contains(text, "Possible") {
			text += " Possible steps: " + possible + "."
		}
		said := validation.NewError(code, text)
		return apis.NewApiError(http.StatusBadRequest, text, validation.Errors{field: said, "state": said})
	}
	return refused
}

func broken(field, code, message string) error {
	return refuse(&itil.Refusal{Field: field, Code: code, Message: message})
}

// conflict answers a change that was based on an older version with the
// present record.
func conflict(stored *core.Record, s collections.Stamp) error {
	if s.Requester != "" {
		hideFromRequester(stored)
	}
	err := apis.NewApiError(http.StatusConflict, "Somebody else changed this ticket meanwhile. Look at the present values and try again.", nil)
	err.Data = stored.PublicExport()
	return err
}

func fold(addr string) string { return mail.Fold(addr) }
