import InferenceCore

/// A Whisper encoder in a safetensors file, under the names of Hugging Face's transformers, which may begin with `model.encoder.` or
/// `encoder.`.
struct WhisperSafetensors: WhisperWeights {
    let configuration: WhisperConfiguration
    private let file: Safetensors
    private let prefix: String

    /// - Parameters:
    ///   - stated: What `config.json` says.
    ///   - heads: Used without it; nil: heads are 64 wide, as in every model of OpenAI's.
    init(_ file: Safetensors, stated: WhisperConfiguration?, heads: Int? = nil) throws(ModelFileError) {
        guard let prefix = ["model.encoder.", "encoder.", ""].first(where: { file[$0 + "conv1.weight"] != nil }) else {
            throw ModelFileError(.missing, file: file.path, "there is no tensor 'model.encoder.conv1.weight': this is no Whisper model")
        }
        func extents(_ name: String, rank: Int) throws(ModelFileError) -> [Int] {
            let shape = try file.tensor(named: prefix + name).shape
            guard shape.rank == rank else {
                throw ModelFileError(.mismatch, file: file.path, "tensor '\(prefix)\(name)' has shape \(shape), expected rank \(rank)")
            }
            return shape.extents
        }
        let first = try extents("conv1.weight", rank: 3)
        var layers = 0
        while file["\(prefix)layers.\(layers).fc1.weight"] != nil { layers += 1 }
        let inferred = WhisperConfiguration(
            width: first[0], layers: layers, heads: stated?.heads ?? heads ?? max(first[0] / 64, 1), hidden: try extents("layers.0.fc1.weight", rank: 2)[0],
            mels: first[1], positions: file[prefix + "embed_positions.weight"] == nil ? stated?.positions ?? 1500
                : try extents("embed_positions.weight", rank: 2)[0])
        if let stated, stated != inferred {
            throw ModelFileError(.mismatch, file: file.path, "config.json says \(stated); the weights say \(inferred)")
        }
        do throws(ModelFileError) { try inferred.check() } catch { throw error.inFile(file.path) }
        self.file = file
        self.prefix = prefix
        configuration = inferred
        try refuseOthers()
    }

    /// A tensor of the encoder that would be left out means another architecture, or an adapter.
    private func refuseOthers() throws(ModelFileError) {
        let attention = ["q_proj.weight", "q_proj.bias", "k_proj.weight", "v_proj.weight", "v_proj.bias", "out_proj.weight", "out_proj.bias"]
        let norms = ["self_attn_layer_norm", "final_layer_norm", "fc1", "fc2"].flatMap { ["\($0).weight", "\($0).bias"] }
        let ofLayer = attention.map { "self_attn.\($0)" } + norms
        var known = Set(["conv1", "conv2", "layer_norm"].flatMap { ["\($0).weight", "\($0).bias"] } + ["embed_positions.weight"])
        for layer in 0..<configuration.layers { known.formUnion(ofLayer.map { "layers.\(layer).\($0)" }) }
        for name in file.names where name.hasPrefix(prefix) && !known.contains(String(name.dropFirst(prefix.count))) {
            throw ModelFileError(.unsupported, file: file.path, "tensor '\(name)' is not part of a Whisper encoder")
        }
    }

    func convolution(_ number: Int) throws(ModelFileError) -> TransformerBlock.Weights.Layer {
        (try read("conv\(number).weight", [configuration.width, inputs(number), 3]), try read("conv\(number).bias", [configuration.width]))
    }

    func positions() throws(ModelFileError) -> [Float] {
        guard file[prefix + "embed_positions.weight"] != nil else { return sinusoids() }
        return try read("embed_positions.weight", [configuration.positions, configuration.width])
    }

    func block(_ index: Int) throws(ModelFileError) -> TransformerBlock.Weights {
        let (width, hidden) = (configuration.width, configuration.hidden), layer = "layers.\(index)."
        var projections: TransformerBlock.Weights.Layer = ([], [])
        projections.weights.reserveCapacity(3 * width * width)
        for name in ["q", "k", "v"] {
            projections.weights += try read("\(layer)self_attn.\(name)_proj.weight", [width, width])
            // A bias of the keys would add the same to all scores of a query.
            projections.bias += name == "k" ? [Float](repeating: 0, count: width) : try read("\(layer)self_attn.\(name)_proj.bias", [width])
        }
        return TransformerBlock.Weights(
            attentionNorm: try norm(layer + "self_attn_layer_norm"), projections: projections,
            attentionOutput: try linear(layer + "self_attn.out_proj", width, width), feedForwardNorm: try norm(layer + "final_layer_norm"),
            up: try linear(layer + "fc1", hidden, width), down: try linear(layer + "fc2", width, hidden))
    }

    func finalNorm() throws(ModelFileError) -> TransformerBlock.Weights.Norm { try norm("layer_norm") }

    private func linear(_ name: String, _ outputs: Int, _ inputs: Int) throws(ModelFileError) -> TransformerBlock.Weights.Layer {
        (try read(name + ".weight", [outputs, inputs]), try read(name + ".bias", [outputs]))
    }

    private func norm(_ name: String) throws(ModelFileError) -> TransformerBlock.Weights.Norm {
        (try read(name + ".weight", [configuration.width]), try read(name + ".bias", [configuration.width]))
    }

    private func read(_ name: String, _ extents: [Int]) throws(ModelFileError) -> [Float] {
        try file.floats(named: prefix + name, shape: Shape(extents))
    }
}
