package main

import (
	"errors"
	"strconv"
	"strings"
)

// rate is a flag's value in requests per second: "25/s", "300/m" or "25"; 0 means no limit.
type rate float64

func (r *rate) String() string {
	if *r == 0 {
		return ""
	}
	return strconv.FormatFloat(float64(*r), 'g', -1, 64) + "/s"
}

func (r *rate) Type() string { return "N/s" }

func (r *rate) Set(s string) error {
	number, unit, _ := strings.Cut(s, "/")
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || n < 0 || n > 1e6 {
		return errors.New("write it as 25/s or 300/m")
	}
	switch unit {
	case "", "s":
	case "m":
		n /= 60
	default:
		return errors.New("write it as 25/s or 300/m")
	}
	*r = rate(n)
	return nil
}
