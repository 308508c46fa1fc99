internal import CInferenceKernels

/// A dense or grouped convolution, an activation, and the sum with a second input.
struct ConvolutionLayer: Layer {
    let convolution: DenseConvolution
    /// The second input is added to the result: before the activation, or after it.
    let addsResidual: Bool
    let residualLast: Bool

    func outputShapes(for inputs: [Shape]) throws(InferenceError) -> [Shape] {
        let image = try expectImage(inputs[0], channels: convolution.inputChannels)
        let output = try convolution.window.outputShape(image, channels: convolution.outputChannels)
        if addsResidual, inputs[1] != output { throw InferenceError("cannot add \(inputs[1]) to \(output)") }
        return [output]
    }

    /// Lines of about 200 pixels: enough rows for every panel of weights that passes through the cache.
    private func linesAtOnce(_ output: ImageShape) -> Int {
        max(1, min(output.height, (192 + output.width - 1) / max(output.width, 1)))
    }

    func scratchCount(inputs: [Shape], outputs: [Shape], threads: Int) -> Int {
        let image = ImageShape(inputs[0])
        return convolution.scratchCount(convolution.window.place(over: image), lines: linesAtOnce(ImageShape(outputs[0])))
    }

    func run(_ inputs: [TensorView], _ outputs: [MutableTensorView], on machine: Machine) {
        let image = ImageShape(inputs[0].shape), output = ImageShape(outputs[0].shape)
        let (source, target) = (inputs[0].pointer, outputs[0].pointer)
        let residual = addsResidual ? inputs[1].pointer : nil
        if convolution.isPointwise {
            // Lines do not matter to it: all pixels of the batch in one row, cut into even pieces.
            let pixels = output.batch * output.height * output.width
            let least = min(384, max(96, roundUp(pixels / (machine.threads * 4), to: 24))), pieces = max(1, pixels / least)
            let piece = roundUp((pixels + pieces - 1) / pieces, to: 8)
            parallelFor((pixels + piece - 1) / max(piece, 1), on: machine) { index, channels, slot in
                let start = index * piece, count = min(piece, pixels - start)
                let line = ImageShape(batch: 1, height: 1, width: count, channels: image.channels)
                convolution.compute(
                    source + start * image.channels, line, Placement(height: 1, width: count, top: 0, left: 0), lines: 0..<1, channels: channels,
                    to: target + start * output.channels, linePitch: 0, residual: residual.map { $0 + start * output.channels },
                    residualLast: residualLast, scratch: machine.scratch, machine.kernels)
            }
            return
        }
        let place = convolution.window.place(over: image)
        let lines = linesAtOnce(output)
        let strips = (output.height + lines - 1) / lines
        parallelFor(output.batch * strips, on: machine) { index, channels, slot in
            let (item, strip) = index.quotientAndRemainder(dividingBy: strips)
            let start = strip * lines, end = min(start + lines, output.height)
            let offset = item * output.imageCount + start * output.lineCount
            convolution.compute(
                source + item * image.imageCount, image, place, lines: start..<end, channels: channels, to: target + offset, linePitch: output.lineCount,
                residual: residual.map { $0 + offset }, residualLast: residualLast, scratch: machine.scratch(slot: slot), machine.kernels)
        }
    }

    /// Runs `body` for all pieces of the picture, and if they are too few for the threads, for parts of the channels of each.
    private func parallelFor(_ pieces: Int, on machine: Machine, _ body: (_ piece: Int, _ channels: Range<Int>, _ slot: Int) -> Void) {
        let wanted = machine.threads == 1 ? 1 : 2 * machine.threads
        let parts = convolution.channelParts((wanted + pieces - 1) / max(pieces, 1), machine.kernels)
        machine.parallelFor(pieces * parts.count) { index, slot in body(index / parts.count, parts[index % parts.count], slot) }
    }
}
