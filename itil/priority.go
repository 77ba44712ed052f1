package itil

// Grade is an impact or an urgency, 1 (highest) to 4; 0 is not set.
type Grade int

// Matrix gives the priority, 1 to 4, for an impact and an urgency.
type Matrix map[[2]Grade]int

// DefaultMatrix is the one that a fresh desk starts with. Rows are impact 1
// organisation, 2 site or department, 3 team, 4 one person; columns urgency
// 1 critical to 4 low. Chosen in PRACTICES.md.
func DefaultMatrix() Matrix {
	rows := [4][4]int{{1, 1, 2, 3}, {1, 2, 3, 3}, {2, 3, 3, 4}, {3, 3, 4, 4}}
	m := Matrix{}
	for i, row := range rows {
		for u, p := range row {
			m[[2]Grade{Grade(i + 1), Grade(u + 1)}] = p
		}
	}
	return m
}

// Priority looks up the computed priority; 0 if impact or urgency is not set
// or the matrix has no such row.
func (m Matrix) Priority(impact, urgency Grade) int { return m[[2]Grade{impact, urgency}] }

// Prioritise settles the priority of a ticket. wanted is what was asked for,
// 0 for "as computed". An override needs a reason; the error is a [*Refusal].
func Prioritise(computed, wanted int, reason string) (int, error) {
	if wanted == 0 || wanted == computed {
		return computed, nil
	}
	if wanted < 1 || wanted > 4 {
		return 0, refusal("priority", "priority_out_of_range", "Priority is 1 to 4.")
	}
	if reason == "" {
		return 0, refusal("priority_reason", "priority_needs_reason", "Say why the priority differs from the matrix.")
	}
	return wanted, nil
}
