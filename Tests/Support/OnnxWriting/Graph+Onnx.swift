package import InferenceCore

extension Graph {
    /// The graph as an ONNX file, which gives the same graph when it is read: same weights, to the bit. Covers the operations of plain convolutional classifiers.
    ///
    /// - Parameter extent: Height and width of the input.
    package func onnx(extent: Int) -> [UInt8] {
        ProtoBytes.made { model in
            model.integer(1, 8)  // version of the format
            model.data(8, ProtoBytes.made { $0.integer(2, 13) })  // of the set of operators
            model.data(7, ProtoBytes.made { graph in
                graph.text(2, "graph")
                for node in nodes { write(node, to: &graph) }
                for input in inputs { graph.data(11, Self.declaration(name(input.value), [nil, input.channels, extent, extent])) }
                for output in outputs { graph.data(12, Self.declaration(output.name, [nil, nil])) }
            })
        }
    }

    private func name(_ value: Value) -> String { outputs.first { $0.value == value }?.name ?? "v\(value.id)" }

    private func write(_ node: Node, to graph: inout ProtoBytes) {
        let output = name(node.output), inputs = node.inputs.map(name)
        switch node.operation {
        case .convolution(let convolution):
            let window = convolution.window
            graph.weights(output + ".w", [convolution.outputChannels, convolution.inputChannels / convolution.groups, window.height, window.width], convolution.weights)
            if let bias = convolution.bias { graph.weights(output + ".b", [bias.count], bias) }
            graph.operation("Conv", inputs + [output + ".w"] + (convolution.bias == nil ? [] : [output + ".b"]), output) {
                $0.window(window)
                $0.integerAttribute("group", convolution.groups)
            }
        case .scaleShift(let scale, let shift):
            // Nothing is left to divide by, so that scale and shift come back as they are.
            let count = scale.count, zeros = [Float](repeating: 0, count: count), ones = [Float](repeating: 1, count: count)
            let parts = [("scale", scale), ("shift", shift), ("mean", zeros), ("variance", ones)].map { (name: "\(output).\($0)", values: $1) }
            for part in parts { graph.weights(part.name, [count], part.values) }
            graph.operation("BatchNormalization", inputs + parts.map(\.name), output) { $0.zeroAttribute("epsilon") }
        case .activation(.relu): graph.operation("Relu", inputs, output)
        case .add: graph.operation("Add", inputs, output)
        case .maxPool(let window): graph.operation("MaxPool", inputs, output) { $0.window(window) }
        case .globalAveragePool:
            graph.operation("GlobalAveragePool", inputs, output + ".map")
            graph.operation("Flatten", [output + ".map"], output)
        case .softmax: graph.operation("Softmax", inputs, output) { $0.integerAttribute("axis", 1) }
        default: preconditionFailure("\(node.name): this writer does not know the operation")
        }
    }

    /// f32 values; nil extents are free.
    private static func declaration(_ name: String, _ extents: [Int?]) -> [UInt8] {
        let shape = ProtoBytes.made { shape in
            for (axis, extent) in extents.enumerated() {
                shape.data(1, ProtoBytes.made { if let extent { $0.integer(1, UInt64(extent)) } else { $0.text(2, axis == 0 ? "n" : "free") } })
            }
        }
        return ProtoBytes.made {
            $0.text(1, name)
            $0.data(2, ProtoBytes.made {
                $0.data(1, ProtoBytes.made {
                    $0.integer(1, 1)
                    $0.data(2, shape)
                })
            })
        }
    }
}

/// Parts of a graph.
extension ProtoBytes {
    fileprivate mutating func operation(_ type: String, _ inputs: [String], _ output: String, _ attributes: (inout ProtoBytes) -> Void = { _ in }) {
        data(1, ProtoBytes.made { node in
            for input in inputs { node.text(1, input) }
            node.text(2, output)
            node.text(3, output)
            node.text(4, type)
            attributes(&node)
        })
    }

    fileprivate mutating func weights(_ name: String, _ extents: [Int], _ values: [Float]) {
        data(5, ProtoBytes.made { tensor in
            for extent in extents { tensor.integer(1, UInt64(extent)) }
            tensor.integer(2, 1)
            tensor.text(8, name)
            tensor.data(9, values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } })
        })
    }
}

/// Attributes of a node.
extension ProtoBytes {
    fileprivate mutating func window(_ window: Window) {
        precondition(window.dilation == 1, "this writer does not know dilation")
        integersAttribute("kernel_shape", [window.height, window.width])
        integersAttribute("strides", [window.strideY, window.strideX])
        switch window.padding {
        case .same: attribute("auto_pad", 3) { $0.text(4, "SAME_UPPER") }
        case .explicit(let top, let left, let bottom, let right): integersAttribute("pads", [top, left, bottom, right])
        }
    }

    fileprivate mutating func integerAttribute(_ name: String, _ value: Int) { attribute(name, 2) { $0.integer(3, UInt64(value)) } }

    fileprivate mutating func integersAttribute(_ name: String, _ values: [Int]) {
        attribute(name, 7) { attribute in for value in values { attribute.integer(8, UInt64(value)) } }
    }

    /// A float that is 0.
    fileprivate mutating func zeroAttribute(_ name: String) {
        attribute(name, 1) {
            $0.tag(2, 5)
            $0.raw([0, 0, 0, 0])
        }
    }

    private mutating func attribute(_ name: String, _ type: UInt64, _ value: (inout ProtoBytes) -> Void) {
        data(5, ProtoBytes.made {
            $0.text(1, name)
            value(&$0)
            $0.integer(20, type)
        })
    }
}
