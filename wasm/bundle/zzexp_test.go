package bundle
var Quantise, Short, Round = quantise, short, round
