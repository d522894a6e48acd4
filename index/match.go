package index

import "fmt"

// FieldOf is one field of records of type R, and how a condition on it is
// held against one of them.
type FieldOf[R any] struct {
	FieldSpec
	Holds func(*Condition, R) bool
}

// Specs are the fields without how they are compared, for help and for
// checking what was typed.
func Specs[R any](fields []FieldOf[R]) []FieldSpec {
	specs := make([]FieldSpec, len(fields))
	for i := range fields {
		specs[i] = fields[i].FieldSpec
	}
	return specs
}

// Match returns what tells the records for which all terms hold. It is an
// error that a term names a field which no record has, or compares one in a
// way that it cannot be; record names their kind in that error.
func Match[R any](record string, fields []FieldOf[R], terms []Term) (func(R) bool, error) {
	conds := make([]Condition, len(terms))
	holds := make([]func(*Condition, R) bool, len(terms))
	byName := map[string]*FieldOf[R]{}
	for i := range fields {
		byName[fields[i].Name] = &fields[i]
	}
	for i, t := range terms {
		f, ok := byName[t.Field]
		if !ok {
			return nil, fmt.Errorf("term %s: %s has no field %q", t, record, t.Field)
		}
		if conds[i], ok = t.Compile(f.Kind); !ok {
			return nil, fmt.Errorf("term %s: not a value or a comparison that %s can have", t, t.Field)
		}
		holds[i] = f.Holds
	}
	return func(r R) bool {
		for i := range conds {
			if !holds[i](&conds[i], r) {
				return false
			}
		}
		return true
	}, nil
}
