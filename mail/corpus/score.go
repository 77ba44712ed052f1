package main

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// score counts right answers as score.py does.
type score struct {
	order []string
	right map[string]int
	total map[string]int
}

func newScore() *score { return &score{right: map[string]int{}, total: map[string]int{}} }

func (s *score) add(field string, ok bool) {
	if s.total[field] == 0 {
		s.order = append(s.order, field)
	}
	s.total[field]++
	if ok {
		s.right[field]++
	}
}

// share is the percentage of right answers, 100 if nothing was asked.
func (s *score) share(field string) float64 {
	if s.total[field] == 0 {
		return 100
	}
	return 100 * float64(s.right[field]) / float64(s.total[field])
}

// print writes one line for each field.
func (s *score) print(w io.Writer) {
	_, _ = fmt.Fprintln(w, "[all]") // figures for a person: nothing to do if the terminal is gone
	for _, f := range s.order {
		_, _ = fmt.Fprintf(w, "  %-36s %5d / %5d  %6.2f %%\n", f, s.right[f], s.total[f], s.share(f))
	}
}

// count compares one result with what is expected.
func (s *score) count(i item, r result) {
	if i.Kind == kindMail {
		s.add("handled", r.Error == "")
		s.countHeader(i, r)
		s.countBody(i, r)
		s.countClass(i, r)
	}
	s.countReply(i, r)
}

func (s *score) countHeader(i item, r result) {
	var text string
	if i.want("subject", &text) {
		s.add("subject", r.Subject != nil && fold(*r.Subject) == fold(text) || r.Subject == nil && fold(text) == "")
	}
	for _, f := range []struct {
		name string
		got  [][2]string
	}{{"from", r.From}, {"to", r.To}, {"cc", r.Cc}} {
		var want [][2]string
		if i.want(f.name, &want) {
			s.add(f.name, f.got != nil && slices.Equal(addrs(f.got), addrs(want)))
		}
	}
	var id string
	if i.want("message_id", &id) {
		s.add("message_id", strings.Trim(fold(r.MessageID), "<>") == fold(id))
	}
	var parents, ids []string
	if i.want("in_reply_to", &parents) {
		got := bare(r.InReplyTo)
		s.add("in_reply_to", r.InReplyTo != nil && slices.Equal(got[:min(1, len(got))], bare(parents)))
	}
	if i.want("references", &ids) {
		s.add("references", r.References != nil && slices.Equal(bare(r.References), bare(ids)))
	}
}

func (s *score) countBody(i item, r result) {
	var phrases []string
	if i.want("text_must_contain", &phrases) && len(phrases) > 0 {
		text, all := fold(r.Text), true
		for _, p := range phrases {
			all = all && strings.Contains(text, fold(p))
		}
		s.add("text", all)
	}
	var want [][3]any
	if i.want("attachments", &want) {
		s.add("attachments", slices.Equal(files(r.Attachments), files(want)))
		s.add("attachment_count", len(r.Attachments) == len(want))
	}
}

func (s *score) countClass(i item, r result) {
	for _, f := range []struct {
		name string
		got  *bool
	}{{"is_auto_reply", r.IsAutoReply}, {"is_bounce", r.IsBounce}, {"is_bulk", r.IsBulk}, {"must_not_autorespond", r.MustNotAutorespond}} {
		var want bool
		if f.got != nil && i.want(f.name, &want) {
			s.add(f.name, *f.got == want)
		}
	}
}

func (s *score) countReply(i item, r result) {
	var want string
	if !i.has("reply_text") || !i.want("reply_text", &want) {
		return
	}
	got := ""
	if r.ReplyText != nil {
		got = *r.ReplyText
	}
	got, want = fold(got), fold(want)
	if i.Kind == kindHTML {
		want = strings.ReplaceAll(fold(tags().ReplaceAllString(want, " ")), " ", "")
		got = strings.ReplaceAll(got, " ", "")
	}
	s.add(i.Kind+": exact", got == want)
	s.add(i.Kind+": keeps the whole reply", strings.Contains(got, want))
}

func tags() *regexp.Regexp { return regexp.MustCompile(`<[^>]+>`) }

// fold makes runs of white space one blank, in normal form C.
func fold(s string) string {
	s = strings.NewReplacer("\u00a0", " ", "\ufeff", "").Replace(norm.NFC.String(s))
	return strings.Join(strings.FieldsFunc(s, isSpace), " ")
}

// isSpace is what \s means to Python.
func isSpace(r rune) bool {
	return r >= 9 && r <= 13 || r >= 0x1c && r <= 0x20 || r == 0x85 || r == 0xa0 || r == 0x1680 || r >= 0x2000 && r <= 0x200a ||
		r == 0x2028 || r == 0x2029 || r == 0x202f || r == 0x205f || r == 0x3000
}

// addrs are the addresses alone, sorted.
func addrs(list [][2]string) []string {
	out := []string{}
	for _, a := range list {
		out = append(out, strings.ToLower(strings.TrimFunc(a[1], isSpace)))
	}
	slices.Sort(out)
	return out
}

// bare strips brackets and blanks off ids.
func bare(ids []string) []string {
	out := []string{}
	for _, id := range ids {
		out = append(out, strings.Map(func(r rune) rune {
			if r == '<' || r == '>' || isSpace(r) {
				return -1
			}
			return r
		}, id))
	}
	return out
}

// files are name and size of attachments, sorted.
func files[T ~[3]any](list []T) []string {
	out := []string{}
	for _, a := range list {
		name, _ := a[0].(string)
		out = append(out, fmt.Sprintf("%s\x00%v", name, a[1]))
	}
	slices.Sort(out)
	return out
}
