internal import CInferenceKernels

/// An inverted residual block, or a depthwise separable convolution, as one operation: convolution (1x1, "expand"; optional), depthwise
/// convolution, 1x1 convolution ("project"), and the sum with a second input.
///
/// The expanded picture is the largest tensor of such networks and is never stored whole: a ring of lines holds what the depthwise window
/// needs, so that it stays in the second-level cache.
struct BlockLayer: Layer {
    let expand: DenseConvolution?
    let depthwise: DepthwiseConvolution
    let project: DenseConvolution
    let addsResidual: Bool
    let residualLast: Bool

    /// Everything that follows from the shapes.
    private struct Sizes {
        let image: ImageShape
        let expanded: ImageShape
        let output: ImageShape
        let expandPlace: Placement
        let depthwisePlace: Placement
        /// Output lines per step.
        let lines: Int
        /// Lines in the ring.
        let ring: Int
        /// Output columns between the depthwise convolution and the projection.
        let columns: Int
    }

    /// Floats: the second-level cache of common processors. What spills costs less than passing the weights through more often.
    private static let ringLimit = 128 * 1024
    /// Floats between the depthwise convolution and the projection: twice the first-level cache.
    private static let filteredLimit = 16 * 1024
    /// Enough pixels for the matrix products to run at full speed.
    private static let pixelsAtOnce = 120

    private func sizes(_ input: Shape, _ output: Shape) -> Sizes {
        let image = ImageShape(input), output = ImageShape(output), window = depthwise.window
        let place = expand.map { $0.window.place(over: image) } ?? Placement(height: image.height, width: image.width, top: 0, left: 0)
        let expanded = ImageShape(batch: image.batch, height: place.height, width: place.width, channels: depthwise.channels)
        func ring(_ lines: Int) -> Int { (lines - 1) * window.strideY + (window.height - 1) * window.dilation + 1 }
        var lines = max(2, roundUp((Self.pixelsAtOnce + output.width - 1) / max(output.width, 1), to: 2))
        while lines > 1, ring(lines) * expanded.lineCount > Self.ringLimit { lines -= lines > 2 ? 2 : 1 }
        lines = max(1, min(lines, output.height))
        return Sizes(
            image: image, expanded: expanded, output: output, expandPlace: place, depthwisePlace: window.place(over: expanded), lines: lines,
            ring: ring(lines), columns: min(output.width, max(24, Self.filteredLimit / depthwise.channels / min(lines, 2) / 12 * 12)))
    }

    func outputShapes(for inputs: [Shape]) throws(InferenceError) -> [Shape] {
        var image = try expectImage(inputs[0], channels: expand?.inputChannels ?? depthwise.channels)
        if let expand { image = ImageShape(try expand.window.outputShape(image, channels: expand.outputChannels)) }
        let output = try depthwise.window.outputShape(image, channels: project.outputChannels)
        if addsResidual, inputs[1] != output { throw InferenceError("cannot add \(inputs[1]) to \(output)") }
        return [output]
    }

    func scratchCount(inputs: [Shape], outputs: [Shape], threads: Int) -> Int {
        let sizes = sizes(inputs[0], outputs[0])
        let filtered = roundUp(min(sizes.lines, 2) * sizes.columns * depthwise.channels, to: 16)
        guard let expand else { return filtered }
        return filtered + roundUp(sizes.ring * sizes.expanded.lineCount, to: 16) + expand.scratchCount(sizes.expandPlace, lines: sizes.ring)
    }

    func run(_ inputs: [TensorView], _ outputs: [MutableTensorView], on machine: Machine) {
        let sizes = sizes(inputs[0].shape, outputs[0].shape)
        let output = sizes.output
        // Strips share the lines at their borders, which both compute: no more strips than keep the threads busy.
        let wanted = machine.threads == 1 ? 1 : max(1, machine.threads * (output.height >= 64 ? 4 : 1) / max(output.batch, 1))
        let height = roundUp((output.height + wanted - 1) / wanted, to: min(sizes.lines, 2))
        let strips = (output.height + height - 1) / max(height, 1)
        let (source, target) = (inputs[0].pointer, outputs[0].pointer)
        let residual = addsResidual ? inputs[1].pointer : nil
        machine.parallelFor(output.batch * strips) { index, slot in
            let (item, strip) = index.quotientAndRemainder(dividingBy: strips)
            let lines = strip * height..<min((strip + 1) * height, output.height)
            runStrip(
                lines, sizes, from: source + item * sizes.image.imageCount, to: target + item * output.imageCount,
                residual: residual.map { $0 + item * output.imageCount }, scratch: machine.scratch(slot: slot), machine.kernels)
        }
    }

    private func runStrip(
        _ strip: Range<Int>, _ sizes: Sizes, from source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>,
        residual: UnsafePointer<Float>?, scratch: UnsafeMutablePointer<Float>, _ kernels: mien_kernels
    ) {
        let window = depthwise.window, place = sizes.depthwisePlace, output = sizes.output, expanded = sizes.expanded
        let filtered = scratch
        let ring = scratch + roundUp(min(sizes.lines, 2) * sizes.columns * depthwise.channels, to: 16)
        let padding = ring + roundUp(sizes.ring * expanded.lineCount, to: 16)
        let reach = (window.height - 1) * window.dilation + 1
        var ready = max(0, strip.lowerBound * window.strideY - place.top)
        for start in stride(from: strip.lowerBound, to: strip.upperBound, by: sizes.lines) {
            let lines = start..<min(start + sizes.lines, strip.upperBound)
            if let expand {
                let needed = min((lines.upperBound - 1) * window.strideY - place.top + reach, expanded.height)
                // Lines that no window uses (stride above its height) are not made.
                ready = max(ready, lines.lowerBound * window.strideY - place.top)
                while ready < needed {
                    let slot = ready % sizes.ring
                    let count = min(needed - ready, sizes.ring - slot)
                    expand.compute(
                        source, sizes.image, sizes.expandPlace, lines: ready..<ready + count, to: ring + slot * expanded.lineCount,
                        linePitch: expanded.lineCount, scratch: padding, kernels)
                    ready += count
                }
            }
            for pair in stride(from: start, to: lines.upperBound, by: 2) {
                let pair = pair..<min(pair + 2, lines.upperBound)
                for x in stride(from: 0, to: output.width, by: sizes.columns) {
                    let columns = x..<min(x + sizes.columns, output.width)
                    let linePitch = columns.count * depthwise.channels
                    depthwise.compute(lines: pair, columns: columns, expanded, place, to: filtered, linePitch: linePitch, kernels) { row in
                        expand == nil ? source + row * expanded.lineCount : UnsafePointer(ring + row % sizes.ring * expanded.lineCount)
                    }
                    let patch = ImageShape(batch: 1, height: pair.count, width: columns.count, channels: depthwise.channels)
                    let offset = pair.lowerBound * output.lineCount + x * output.channels
                    project.compute(
                        filtered, patch, Placement(height: pair.count, width: columns.count, top: 0, left: 0), lines: 0..<pair.count,
                        to: target + offset, linePitch: output.lineCount, residual: residual.map { $0 + offset }, residualLast: residualLast,
                        scratch: padding, kernels)
                }
            }
        }
    }
}
