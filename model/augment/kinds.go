package augment

import (
	"math/rand/v2"

	"blastlens/wasm/tensor"
)

// Kind is what a transform does. Exactly one of its functions is set.
type Kind struct {
	Name  string // as in a spec
	About string // for people; what the amount means and its unit

	amounts     int        // numbers it takes: none, one (0.2), or an interval (40-95)
	usual       [2]float64 // the amount where a spec gives none
	least, most float64    // bounds of an amount
	probability float64    // where a spec gives none

	geometry func(amount [2]float64, r *rand.Rand, square bool) matrix
	light    func(amount [2]float64, r *rand.Rand) exposure
	pixels   func(p tensor.RGB8, amount [2]float64, r *rand.Rand) tensor.RGB8
}

// All are the kinds there are, in the order in which a list applies them: what
// the camera burned in goes first, lest it be turned away from its corner; then
// the field is moved, stained, lit, and taken with a worse camera.
var All = []Kind{
	{Name: "scalebar", About: "cover the corner where cameras burn in a scale bar, with the field above it", probability: 1, pixels: coverScaleBar},
	{Name: "flip", About: "mirror left to right", probability: .5, geometry: flip},
	{Name: "vflip", About: "mirror top to bottom", probability: .5, geometry: flipVertically},
	{Name: "rot90", About: "turn by 0, 90, 180 or 270 degrees; by 0 or 180 where a picture is not square", probability: 1, geometry: turnRight},
	{Name: "rotate", About: "turn by up to this many degrees either way", amounts: 1, usual: [2]float64{10, 10}, most: 180, probability: 1, geometry: rotate},
	{Name: "zoom", About: "scale by up to this factor, larger or smaller", amounts: 1, usual: [2]float64{1.1, 1.1}, least: 1, most: 4, probability: 1, geometry: zoom},
	{Name: "stain", About: "strength of hematoxylin and of eosin, by up to this share each", amounts: 1, usual: [2]float64{.1, .1}, most: 1, probability: 1, pixels: jitterStain},
	{Name: "light", About: "brightness, by up to this share of the middle tones", amounts: 1, usual: [2]float64{.2, .2}, most: .9, probability: 1, light: brighten},
	{Name: "contrast", About: "contrast, by up to this share", amounts: 1, usual: [2]float64{.2, .2}, most: .9, probability: 1, light: contrast},
	{Name: "blur", About: "Gaussian blur of up to this deviation in pixels", amounts: 1, usual: [2]float64{1, 1}, most: 20, probability: .5, pixels: blur},
	{Name: "jpeg", About: "save as JPEG of a quality in this interval and open again", amounts: 2, usual: [2]float64{40, 95}, least: 1, most: 100, probability: .5, pixels: recompress},
	{Name: "cutout", About: "cover a square of this share of the short side with the picture's mean colour", amounts: 1, usual: [2]float64{.2, .2}, most: 1, probability: .5, pixels: cutOut},
}
