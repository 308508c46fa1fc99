package import InferenceCore

/// The heads of Empathic Insight in a file of weights: each a chain of linear layers under a name of its own, `NAME.layers.0.weight` and so on
/// for faces, `NAME.proj.weight` and `NAME.mlp.2.weight` and so on for voices. The numbers between are those of layers without weights.
///
/// `torch.compile` and `DataParallel` leave `_orig_mod.` and `module.` before the names of layers; these are passed over.
package struct HeadWeights: Sendable {
    package enum Kind: Sendable {
        case face, voice
    }

    package var name: String
    package let inputs: Int
    /// The last has one output.
    package let layers: [Perceptron.Layer]

    /// All heads of a kind, by name.
    ///
    /// - Throws: `ModelFileError`: `.missing` if there is none, `.mismatch` with the tensor's name if layers do not follow from one another.
    package static func all(_ kind: Kind, in file: some WeightFile) throws(ModelFileError) -> [HeadWeights] {
        let first = kind == .face ? "layers.0.weight" : "proj.weight"
        var heads: [HeadWeights] = []
        for name in file.names where name == first || name.hasSuffix("." + first) {
            heads.append(try HeadWeights(kind, prefix: String(name.dropLast(first.count)), file))
        }
        guard !heads.isEmpty else { throw ModelFileError(.missing, file: file.path, "there is no tensor whose name ends with '\(first)'") }
        return heads
    }

    /// - Parameter prefix: What is before `layers` or `proj`, with its dot.
    private init(_ kind: Kind, prefix: String, _ file: some WeightFile) throws(ModelFileError) {
        var bare = prefix
        while let wrapper = ["_orig_mod.", "module."].first(where: { bare.hasSuffix($0) }) { bare.removeLast(wrapper.count) }
        name = bare.isEmpty ? "head" : String(bare.dropLast())
        let chain = prefix + (kind == .face ? "layers." : "mlp.")
        let numbers = file.names.compactMap { name -> Int? in
            guard name.hasPrefix(chain), name.hasSuffix(".weight") else { return nil }
            return Int(name.dropFirst(chain.count).dropLast(".weight".count))
        }.sorted()
        var layers: [Perceptron.Layer] = [], width: Int?, inputs = 0
        for layer in (kind == .face ? [] : [prefix + "proj"]) + numbers.map({ chain + String($0) }) {
            let shape = try file.shape(of: layer + ".weight"), bias = try file.shape(of: layer + ".bias")
            guard shape.rank == 2, shape.count > 0, width == nil || shape[1] == width else {
                let wanted = width.map { ", expected one of [outputs, \($0)]" } ?? ", expected one of rank 2"
                throw ModelFileError(.mismatch, file: file.path, "tensor '\(layer).weight' has shape \(shape)\(wanted)")
            }
            guard bias == [shape[0]] else {
                throw ModelFileError(.mismatch, file: file.path, "tensor '\(layer).bias' has shape \(bias), expected [\(shape[0])]")
            }
            if width == nil { inputs = shape[1] }
            layers.append((try file.weights(named: layer + ".weight"), try file.weights(named: layer + ".bias")))
            width = shape[0]
        }
        guard width == 1 else { throw ModelFileError(.mismatch, file: file.path, "head '\(name)' ends with \(width ?? 0) outputs, expected 1") }
        self.inputs = inputs
        self.layers = layers
    }
}

/// What the pooled heads of Empathic Insight Voice read of an encoder's states.
package enum PooledStatistics {
    /// Mean, least, largest and standard deviation (divided by positions - 1) over time, in this order.
    ///
    /// - Parameter states: `[clips, positions, width]`, at least two positions.
    /// - Returns: `[clips, 4 * width]`
    package static func pool(_ states: [Float], clips: Int, positions: Int, width: Int) -> [Float] {
        precondition(states.count == clips * positions * width && positions > 1, "\(states.count) values are not \(clips) clips of \(positions) states")
        var result: [Float] = []
        result.reserveCapacity(clips * 4 * width)
        for clip in 0..<clips {
            var means = [Float](repeating: 0, count: width), least = means, largest = means, deviations = means
            for column in 0..<width {
                let values = (0..<positions).map { states[(clip * positions + $0) * width + column] }
                let mean = values.reduce(0.0) { $0 + Double($1) } / Double(positions)
                means[column] = Float(mean)
                // NaN must not be lost: min and max of Swift leave it out or not, as it comes.
                least[column] = values.contains(where: \.isNaN) ? .nan : values.min()!
                largest[column] = values.contains(where: \.isNaN) ? .nan : values.max()!
                let squares = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
                deviations[column] = Float((squares / Double(positions - 1)).squareRoot())
            }
            result += means + least + largest + deviations
        }
        return result
    }
}
