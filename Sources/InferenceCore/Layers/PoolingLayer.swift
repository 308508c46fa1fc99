internal import CInferenceKernels

struct PoolingLayer: Layer {
    enum Kind: Sendable {
        case maximum
        case average(countsPadding: Bool)
    }

    let window: Window
    let kind: Kind

    func outputShapes(for inputs: [Shape]) throws(InferenceError) -> [Shape] {
        let image = try expectImage(inputs[0])
        return [try window.outputShape(image, channels: image.channels)]
    }

    func run(_ inputs: [TensorView], _ outputs: [MutableTensorView], on machine: Machine) {
        let image = ImageShape(inputs[0].shape), output = ImageShape(outputs[0].shape)
        let place = window.place(over: image)
        let (source, target) = (inputs[0].pointer, outputs[0].pointer)
        machine.parallelFor(output.batch * output.height) { index, _ in
            let (item, y) = index.quotientAndRemainder(dividingBy: output.height)
            window.withLines(y..<y + 1, of: image, place) { row in
                source + item * image.imageCount + row * image.lineCount
            } _: { work in
                work.output = target + index * output.lineCount
                switch kind {
                case .maximum:
                    machine.kernels.max_pool(&work)
                case .average(let countsPadding):
                    work.counts_padding = countsPadding
                    machine.kernels.average_pool(&work)
                }
            }
        }
    }
}

struct GlobalAveragePoolLayer: Layer {
    func outputShapes(for inputs: [Shape]) throws(InferenceError) -> [Shape] {
        let image = try expectImage(inputs[0])
        return [[image.batch, image.channels]]
    }

    func run(_ inputs: [TensorView], _ outputs: [MutableTensorView], on machine: Machine) {
        let image = ImageShape(inputs[0].shape)
        let (source, target) = (inputs[0].pointer, outputs[0].pointer)
        machine.parallelFor(image.batch) { item, _ in
            machine.kernels.mean_rows(target + item * image.channels, source + item * image.imageCount, image.height * image.width, image.channels)
        }
    }
}
