package main

// numbered gives the groups of the pictures at rows numbers, the same to the same.
func numbered(groups []string, rows []int) []int {
	known := map[string]int{}
	numbers := make([]int, len(rows))
	for k, i := range rows {
		n, seen := known[groups[i]]
		if !seen {
			n = len(known)
			known[groups[i]] = n
		}
		numbers[k] = n
	}
	return numbers
}
