import InferenceCore

/// A product x * f(x) that exporters write as several operators and the core has as one activation.
struct OnnxGate {
    /// Outputs of the nodes before the last, which nothing else reads.
    var absorbed: [String]
    /// Name of x.
    let input: String
    let activation: Activation
    /// Constants that were taken for what they are called, and what they have to be.
    var assumed: [(name: String, number: Float)] = []

    /// Finds the products among `nodes`, by the name of their output.
    static func find(in nodes: [OnnxNode], _ uses: OnnxUses) throws(ModelFileError) -> [String: OnnxGate] {
        var found: [String: OnnxGate] = [:]
        for node in nodes {
            if node.operation == "Mul" {
                guard let output = node.outputs.first, let gate = try product(node, uses) else { continue }
                found[output] = gate
            } else if node.operation == "Erf" {
                guard let (output, gate) = gelu(node, uses) else { continue }
                found[output] = gate
            }
        }
        return found
    }

    private static func product(_ product: OnnxNode, _ uses: OnnxUses) throws(ModelFileError) -> OnnxGate? {
        guard product.inputs.count == 2 else { return nil }
        for (x, factor) in [(product.inputs[0], product.inputs[1]), (product.inputs[1], product.inputs[0])] {
            guard let maker = uses.maker(factor), maker.inputs.first == x, uses.readers(factor)?.count == 1 else { continue }
            guard let activation = try activation(maker) else { continue }
            return OnnxGate(absorbed: [factor], input: x, activation: activation)
        }
        return nil
    }

    private static func activation(_ maker: OnnxNode) throws(ModelFileError) -> Activation? {
        switch maker.operation {
        case "Sigmoid": return .silu
        case "HardSigmoid":
            guard try abs((maker.float("alpha") ?? 0.2) - 1.0 / 6) < 1e-6, try maker.float("beta") ?? 0.5 == 0.5 else { return nil }
            return .hardSwish
        default: return nil
        }
    }

    /// x / 2 * (1 + erf(x / sqrt 2)), in any order of the factors.
    private static func gelu(_ erf: OnnxNode, _ uses: OnnxUses) -> (output: String, gate: OnnxGate)? {
        let root = Float(2).squareRoot()
        guard let scaled = erf.inputs.first, let curve = erf.outputs.first, uses.readers(scaled)?.count == 1 else { return nil }
        guard let sum = uses.soleReader(curve, "Add", inputs: 2), let one = sum.other(than: curve), let raised = sum.outputs.first else { return nil }
        guard let first = uses.soleReader(raised, "Mul", inputs: 2), let factor = first.other(than: raised), let half = first.outputs.first else { return nil }
        let x: String, scale: String, number: Float
        if let divided = uses.maker(scaled, "Div", inputs: 2) {
            (x, scale, number) = (divided.inputs[0], divided.inputs[1], root)
        } else if let multiplied = uses.maker(scaled, "Mul", inputs: 2) {
            // The constant is the one that nothing computes.
            let isSecond = (uses.maker(multiplied.inputs[1])?.operation ?? "Constant") == "Constant"
            (x, scale) = isSecond ? (multiplied.inputs[0], multiplied.inputs[1]) : (multiplied.inputs[1], multiplied.inputs[0])
            number = 1 / root
        } else {
            return nil
        }
        var gate = OnnxGate(absorbed: [scaled, curve, raised], input: x, activation: .gelu, assumed: [(scale, number), (one, 1)])
        if factor == x { // (x * raised) * 1/2
            guard let last = uses.soleReader(half, "Mul", inputs: 2), let number = last.other(than: half), let output = last.outputs.first else { return nil }
            gate.absorbed.append(half)
            gate.assumed.append((number, 0.5))
            return (output, gate)
        }
        if let halved = uses.maker(factor, "Mul", inputs: 2), let number = halved.other(than: x), uses.readers(factor)?.count == 1 { // (x * 1/2) * raised
            gate.absorbed.append(factor)
            gate.assumed.append((number, 0.5))
            return (half, gate)
        }
        // (1/2 * raised) * x
        guard let last = uses.soleReader(half, "Mul", inputs: 2), last.other(than: half) == x, let output = last.outputs.first else { return nil }
        gate.absorbed.append(half)
        gate.assumed.append((factor, 0.5))
        return (output, gate)
    }
}
