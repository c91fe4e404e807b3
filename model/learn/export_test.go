package learn

// What the tests of package ongpu take from these.
var (
	Tiny      = tiny
	Randomise = randomise
	Smears    = smears
	OneHot    = oneHot
)

// Processor is the network's own computing.
func Processor() Device { return &processor{} }
