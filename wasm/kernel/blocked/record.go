package blocked

// The memory begins with a header, all words of 32 bits: what run needs to know,
// then the words by which threads meet, each in a cache line of its own.
const (
	Steps        = 64 // address of the first record
	Count        = 68 // number of records
	Scratch      = 72 // address of the first thread's scratch
	ScratchBytes = 76 // of one thread; starts with ScratchHead bytes
	Arrived      = 128
	Generation   = 192
	Started      = 256 // counts runs; threads that serve sleep on it
	Stop         = 320 // not 0: threads that serve go home
	Serving      = 324 // how many threads have come to serve
	Constants    = 384 // what activations need, 16 bytes each: see the emitter
	HeaderBytes  = 1024
)

// ScratchHead is the head of a thread's scratch: word 0 says what the rest
// holds, as far as a kernel can use it again within a step; 0 is nothing.
const ScratchHead = 64

// A record is a step: words at these byte offsets. Addresses are absolute,
// strides in bytes.
const (
	RecordBytes = 192

	Op        = 0  // one of the codes below
	Items     = 4  // pieces of work; any thread may do any of them, in any order
	Act       = 8  // code of the activation
	X         = 12 // addresses; 0 where absent
	Y         = 16
	W         = 20
	B         = 24
	Gate      = 28
	Residual  = 32
	Sums      = 36 // depthwise, mean: [chunks][planes][8] sums of outputs
	XStride   = 40 // from plane to plane
	YStride   = 44
	Rows      = 48 // pixels of the output (norm, pointwise) or of the input (pool, mean)
	RowsItem  = 52 // rows (pointwise), rows of pixels (depthwise, stem) of an item
	Planes8   = 56 // planes of the output
	Groups    = 60 // items in which the planes are cut (pointwise)
	PerGroup  = 64 // planes of one of them
	Depth     = 68 // planes of the input (pointwise)
	Height    = 72 // depthwise
	Width     = 76
	OutH      = 80 // depthwise, stem
	OutW      = 84
	Pitch     = 88  // bytes of a row of the picture (stem), of the padded copy (depthwise)
	Chunks    = 92  // depthwise, mean: how many cuts along the height
	Scale     = 96  // pool, mean: 1/pixels, as float32
	Average   = 100 // pool: bytes from the maxima to the averages; 0: no maxima
	Columns   = 104 // pointwise: scales [8] a panel of weights in 8 bits; 0: they are float32
	RowScales = 108 // then too: a scale for each row of a panel
	Wide      = 112 // then too: bytes from a thread's scratch to a panel as float32

	// Next is the first item that no thread has taken yet.
	Next = 128
)

// Operations of records; DepthwiseOp is depthwise's.
const (
	OpPointwise = iota
	OpStem
	OpMean
	OpPool
	OpNorm
	OpDepthwise
	_
	_
	_
	Ops
)

// DepthwiseOp is the operation of kernel k, 3 or 5, and stride 1 or 2.
func DepthwiseOp(k, stride int) int { return OpDepthwise + (k - 3) + stride - 1 }

// Activations of records.
const (
	ActNone = iota
	ActSiLU
	ActReLU
	ActSigmoid
)
