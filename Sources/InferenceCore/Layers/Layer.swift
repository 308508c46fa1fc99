internal import CInferenceKernels

/// An operation with its weights packed, or several that run as one.
protocol Layer: Sendable {
    /// Shapes of the results for inputs of the given shapes.
    func outputShapes(for inputs: [Shape]) throws(InferenceError) -> [Shape]
    /// Floats of scratch memory that each thread needs.
    func scratchCount(inputs: [Shape], outputs: [Shape], threads: Int) -> Int
    /// Computes the results. Shapes are those that `outputShapes` accepted and gave.
    func run(_ inputs: [TensorView], _ outputs: [MutableTensorView], on machine: Machine)
}

extension Layer {
    func scratchCount(inputs: [Shape], outputs: [Shape], threads: Int) -> Int { 0 }
}

/// A layer that only gives memory another shape: the planner lets the result share the input's memory, so that there is nothing to run.
protocol RenamingLayer: Layer {}

extension RenamingLayer {
    func run(_ inputs: [TensorView], _ outputs: [MutableTensorView], on machine: Machine) {}
}

struct TensorView {
    let shape: Shape
    let pointer: UnsafePointer<Float>
}

struct MutableTensorView {
    let shape: Shape
    let pointer: UnsafeMutablePointer<Float>
}

/// What a layer or an operation over sequences runs on: kernels, threads, and scratch memory for each of them.
package struct Machine {
    let kernels: mien_kernels
    let pool: WorkerPool
    let threads: Int
    let scratch: UnsafeMutablePointer<Float>
    let scratchCount: Int
    /// Most rows of a sequence that a thread takes at a time.
    var rowPiece = leastRowPiece

    func scratch(slot: Int) -> UnsafeMutablePointer<Float> { scratch + slot * scratchCount }

    func parallelFor(_ count: Int, _ body: (_ index: Int, _ slot: Int) -> Void) {
        pool.parallelFor(count, threads: threads, body)
    }

    /// `y += x`, on all threads.
    package func add(_ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, count: Int) {
        parallelElements(count) { part in
            kernels.add(y + part.lowerBound, y + part.lowerBound, x + part.lowerBound, part.count, -.infinity, .infinity)
        }
    }

    /// Cuts `count` elements into pieces of a few cache pages, the same whatever the number of threads.
    func parallelElements(_ count: Int, _ body: (Range<Int>) -> Void) {
        let piece = 16384
        parallelFor((count + piece - 1) / piece) { index, _ in
            body(index * piece..<min((index + 1) * piece, count))
        }
    }
}

/// The extents of a rank-4 shape by name.
struct ImageShape {
    let batch: Int, height: Int, width: Int, channels: Int

    init(_ shape: Shape) {
        self.init(batch: shape[0], height: shape[1], width: shape[2], channels: shape[3])
    }

    init(batch: Int, height: Int, width: Int, channels: Int) {
        (self.batch, self.height, self.width, self.channels) = (batch, height, width, channels)
    }

    /// Floats of one picture of the batch.
    var imageCount: Int { height * width * channels }
    var lineCount: Int { width * channels }
}

func expectImage(_ shape: Shape, channels: Int? = nil) throws(InferenceError) -> ImageShape {
    guard shape.rank == 4 else { throw InferenceError("needs an input of rank 4, got \(shape)") }
    let image = ImageShape(shape)
    if let channels, image.channels != channels {
        throw InferenceError("needs \(channels) channels, got \(image.channels) of \(shape)")
    }
    return image
}

func roundUp(_ count: Int, to multiple: Int) -> Int { (count + multiple - 1) / multiple * multiple }
