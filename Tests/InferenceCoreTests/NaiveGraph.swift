@testable import InferenceCore

/// Runs a graph with plain loops in double precision: nothing is shared with the code under test but the graph itself.
struct NaiveGraph {
    let graph: Graph

    struct Value {
        var shape: [Int]
        var data: [Double]
        subscript(n: Int, y: Int, x: Int, c: Int) -> Double {
            get { data[((n * shape[1] + y) * shape[2] + x) * shape[3] + c] }
            set { data[((n * shape[1] + y) * shape[2] + x) * shape[3] + c] = newValue }
        }
        init(_ shape: [Int]) { (self.shape, data) = (shape, Array(repeating: 0, count: shape.reduce(1, *))) }
    }

    func run(_ inputs: [Tensor]) -> [[Float]] {
        var values: [Graph.Value: Value] = [:]
        for (input, tensor) in zip(graph.inputs, inputs) {
            var value = Value(tensor.shape.extents)
            value.data = tensor.values.map(Double.init)
            values[input.value] = value
        }
        for node in graph.nodes { values[node.output] = evaluate(node.operation, node.inputs.map { values[$0]! }) }
        return graph.outputs.map { values[$0.value]!.data.map(Float.init) }
    }

    private func evaluate(_ operation: Operation, _ inputs: [Value]) -> Value {
        var x = inputs[0]
        switch operation {
        case .convolution(let convolution):
            return window(x, convolution.window, channels: convolution.outputChannels) { n, c, taps in
                let perGroup = convolution.inputChannels / convolution.groups, group = c / (convolution.outputChannels / convolution.groups)
                var sum = Double(convolution.bias?[c] ?? 0)
                for tap in taps {
                    for i in 0..<perGroup {
                        let index = ((c * perGroup + i) * convolution.window.height + tap.ky) * convolution.window.width + tap.kx
                        sum += x[n, tap.y, tap.x, group * perGroup + i] * Double(convolution.weights[index])
                    }
                }
                return sum
            }
        case .transposedConvolution(let convolution):
            let factor = convolution.factor
            var y = Value([x.shape[0], x.shape[1] * factor, x.shape[2] * factor, convolution.outputChannels])
            for n in 0..<y.shape[0] { for row in 0..<y.shape[1] { for column in 0..<y.shape[2] { for c in 0..<y.shape[3] {
                var sum = Double(convolution.bias?[c] ?? 0)
                for i in 0..<convolution.inputChannels {
                    let index = ((i * convolution.outputChannels + c) * factor + row % factor) * factor + column % factor
                    sum += x[n, row / factor, column / factor, i] * Double(convolution.weights[index])
                }
                y[n, row, column, c] = sum
            } } } }
            return y
        case .scaleShift(let scale, let shift):
            for i in x.data.indices { x.data[i] = x.data[i] * Double(scale[i % scale.count]) + Double(shift[i % scale.count]) }
        case .activation(let activation): x.data = x.data.map { activate($0, activation) }
        case .parametricRelu(let slopes):
            for i in x.data.indices where x.data[i] < 0 { x.data[i] *= Double(slopes[i % slopes.count]) }
        case .scaleChannels:
            let channels = x.shape[3], image = x.shape[1] * x.shape[2] * channels
            for i in x.data.indices { x.data[i] *= inputs[1].data[i / image * channels + i % channels] }
        case .add: for i in x.data.indices { x.data[i] += inputs[1].data[i] }
        case .multiply: for i in x.data.indices { x.data[i] *= inputs[1].data[i] }
        case .maxPool(let pool):
            return window(x, pool, channels: x.shape[3]) { n, c, taps in taps.map { x[n, $0.y, $0.x, c] }.max() ?? -.infinity }
        case .averagePool(let pool, let countsPadding):
            return window(x, pool, channels: x.shape[3]) { n, c, taps in
                taps.reduce(0) { $0 + x[n, $1.y, $1.x, c] } / Double(countsPadding ? pool.height * pool.width : max(taps.count, 1))
            }
        case .globalAveragePool:
            var y = Value([x.shape[0], x.shape[3]])
            for n in 0..<x.shape[0] { for row in 0..<x.shape[1] { for column in 0..<x.shape[2] { for c in 0..<x.shape[3] {
                y.data[n * x.shape[3] + c] += x[n, row, column, c] / Double(x.shape[1] * x.shape[2])
            } } } }
            return y
        case .linear(let weights, let bias, let outputs):
            let features = x.shape.last!, rows = x.data.count / features
            var y = Value(x.shape.dropLast() + [outputs])
            for row in 0..<rows { for o in 0..<outputs {
                y.data[row * outputs + o] = (0..<features).reduce(Double(bias?[o] ?? 0)) { $0 + x.data[row * features + $1] * Double(weights[o * features + $1]) }
            } }
            return y
        case .matrixProduct:
            let b = inputs[1], m = x.shape[x.shape.count - 2], k = x.shape.last!, n = b.shape.last!
            var y = Value(x.shape.dropLast() + [n])
            for index in y.data.indices {
                let (row, column) = (index / n, index % n), matrix = row / m
                y.data[index] = (0..<k).reduce(0) { $0 + x.data[row * k + $1] * b.data[(matrix * k + $1) * n + column] }
            }
            return y
        case .layerNormalization(let scale, let shift, let epsilon):
            let width = scale.count
            for row in 0..<x.data.count / width {
                let values = x.data[row * width..<(row + 1) * width], mean = values.reduce(0, +) / Double(width)
                let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
                for c in 0..<width {
                    x.data[row * width + c] = (x.data[row * width + c] - mean) / (variance + Double(epsilon)).squareRoot() * Double(scale[c]) + Double(shift[c])
                }
            }
        case .softmax:
            let channels = x.shape.last!
            for row in 0..<x.data.count / channels {
                let range = row * channels..<(row + 1) * channels
                let top = x.data[range].max()!, sum = x.data[range].reduce(0) { $0 + exponential($1 - top) }
                for i in range { x.data[i] = exponential(x.data[i] - top) / sum }
            }
        case .concatenate:
            var y = Value(x.shape.dropLast() + [inputs.reduce(0) { $0 + $1.shape.last! }])
            y.data = (0..<x.data.count / x.shape.last!).flatMap { row in inputs.flatMap { $0.data[row * $0.shape.last!..<(row + 1) * $0.shape.last!] } }
            return y
        case .upsample(let factor, let bilinear):
            if bilinear { return interpolated(x, height: x.shape[1] * factor, width: x.shape[2] * factor) }
            var y = Value([x.shape[0], x.shape[1] * factor, x.shape[2] * factor, x.shape[3]])
            for n in 0..<y.shape[0] { for row in 0..<y.shape[1] { for column in 0..<y.shape[2] { for c in 0..<y.shape[3] {
                y[n, row, column, c] = x[n, row / factor, column / factor, c]
            } } } }
            return y
        case .resize(let height, let width): return interpolated(x, height: height, width: width)
        case .reshape(let extents):
            let known = extents.reduce(1) { $0 * ($1 ?? 1) }
            x.shape = extents.map { $0 ?? x.data.count / known }
        case .repeated(let values, let extents):
            var y = Value([x.shape[0]] + extents)
            for index in y.data.indices { y.data[index] = Double(values[index % values.count]) }
            return y
        case .permute(let axes):
            var y = Value(axes.map { x.shape[$0] })
            for index in y.data.indices {
                let position = places(index, y.shape)
                var from = [Int](repeating: 0, count: axes.count)
                for (axis, source) in axes.enumerated() { from[source] = position[axis] }
                y.data[index] = x.data[zip(from, x.shape).reduce(0) { $0 * $1.1 + $1.0 }]
            }
            return y
        case .slice(let axis, let start, let count):
            var y = Value(x.shape.enumerated().map { $0 == axis ? count : $1 })
            for index in y.data.indices {
                var position = places(index, y.shape)
                position[axis] += start
                y.data[index] = x.data[zip(position, x.shape).reduce(0) { $0 * $1.1 + $1.0 }]
            }
            return y
        case .flatten: x.shape = [x.shape[0], x.shape.dropFirst().reduce(1, *)]
        }
        return x
    }

    /// The position along each axis of element `index`.
    private func places(_ index: Int, _ shape: [Int]) -> [Int] {
        var (left, position) = (index, [Int]())
        for extent in shape.reversed() {
            position.insert(left % extent, at: 0)
            left /= extent
        }
        return position
    }

    private func interpolated(_ x: Value, height: Int, width: Int) -> Value {
        var y = Value([x.shape[0], height, width, x.shape[3]])
        for n in 0..<y.shape[0] { for row in 0..<height { for column in 0..<width { for c in 0..<y.shape[3] {
            let v = (Double(row) + 0.5) * Double(x.shape[1]) / Double(height) - 0.5, u = (Double(column) + 0.5) * Double(x.shape[2]) / Double(width) - 0.5
            let (y0, x0) = (Int(v.rounded(.down)), Int(u.rounded(.down)))
            func at(_ row: Int, _ column: Int) -> Double { x[n, min(max(row, 0), x.shape[1] - 1), min(max(column, 0), x.shape[2] - 1), c] }
            let (ty, tx) = (v - Double(y0), u - Double(x0))
            y[n, row, column, c] = (at(y0, x0) * (1 - tx) + at(y0, x0 + 1) * tx) * (1 - ty) + (at(y0 + 1, x0) * (1 - tx) + at(y0 + 1, x0 + 1) * tx) * ty
        } } } }
        return y
    }

    private typealias Tap = (y: Int, x: Int, ky: Int, kx: Int)

    private func window(_ x: Value, _ window: Window, channels: Int, _ body: (_ n: Int, _ c: Int, _ taps: [Tap]) -> Double) -> Value {
        func axis(_ input: Int, _ size: Int, _ stride: Int, _ before: Int, _ after: Int) -> (Int, Int) {
            if case .same = window.padding {
                let output = Int((Double(input) / Double(stride)).rounded(.up))
                return (output, max(0, (output - 1) * stride + (size - 1) * window.dilation + 1 - input) / 2)
            }
            return ((input + before + after - (size - 1) * window.dilation - 1) / stride + 1, before)
        }
        var (top, left, bottom, right) = (0, 0, 0, 0)
        if case .explicit(let t, let l, let b, let r) = window.padding { (top, left, bottom, right) = (t, l, b, r) }
        let (height, before) = axis(x.shape[1], window.height, window.strideY, top, bottom)
        let (width, beside) = axis(x.shape[2], window.width, window.strideX, left, right)
        var y = Value([x.shape[0], height, width, channels])
        for row in 0..<height { for column in 0..<width {
            var taps: [Tap] = []
            for ky in 0..<window.height { for kx in 0..<window.width {
                let (sy, sx) = (row * window.strideY + ky * window.dilation - before, column * window.strideX + kx * window.dilation - beside)
                if (0..<x.shape[1]).contains(sy), (0..<x.shape[2]).contains(sx) { taps.append((sy, sx, ky, kx)) }
            } }
            for n in 0..<x.shape[0] { for c in 0..<channels { y[n, row, column, c] = body(n, c, taps) } }
        } }
        return y
    }

    private func activate(_ x: Double, _ activation: Activation) -> Double {
        switch activation {
        case .relu: max(x, 0)
        case .clip(let lower, let upper): min(max(x, Double(lower)), Double(upper))
        case .leakyRelu(let slope): x < 0 ? x * Double(slope) : x
        case .sigmoid: 1 / (1 + exponential(-x))
        case .hardSwish: x * min(max(x / 6 + 0.5, 0), 1)
        case .silu: x / (1 + exponential(-x))
        case .tanh: 1 - 2 / (exponential(2 * x) + 1)
        case .gelu: x * (0.5 + area(x) / (2 * Double.pi).squareRoot())
        case .geluTanh: x / (1 + exponential(-2 * (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
        }
    }

    /// Of the bell e^(-t^2 / 2) from 0 to x, by Simpson's rule.
    private func area(_ x: Double) -> Double {
        let steps = 400, step = x / Double(steps)
        return (0...steps).reduce(0.0) { sum, i in
            let t = Double(i) * step
            return sum + exponential(-t * t / 2) * (i == 0 || i == steps ? 1 : i % 2 == 1 ? 4 : 2)
        } * step / 3
    }

    /// e^x without a C library: halve, Taylor, square.
    private func exponential(_ x: Double) -> Double {
        var (sum, term) = (1.0, 1.0)
        let small = x / 1024
        for i in 1...12 { term *= small / Double(i); sum += term }
        for _ in 0..<10 { sum *= sum }
        return sum
    }
}
