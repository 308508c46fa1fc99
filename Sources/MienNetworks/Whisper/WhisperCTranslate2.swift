import InferenceCore

/// A Whisper encoder in a CTranslate2 model, of any precision that `CTranslate2Model` widens.
struct WhisperCTranslate2: WhisperWeights {
    let configuration: WhisperConfiguration
    private let model: CTranslate2Model

    init(_ model: CTranslate2Model) throws(ModelFileError) {
        guard model.specification == "WhisperSpec" else {
            throw ModelFileError(.unsupported, file: model.path, "this is a model of \(model.specification), expected WhisperSpec")
        }
        func extents(_ name: String, rank: Int) throws(ModelFileError) -> [Int] {
            let shape = try model.variable(named: "encoder/" + name).shape
            guard shape.rank == rank else {
                throw ModelFileError(.mismatch, file: model.path, "variable 'encoder/\(name)' has shape \(shape), expected rank \(rank)")
            }
            return shape.extents
        }
        let first = try extents("conv1/weight", rank: 3)
        var layers = 0
        while model["encoder/layer_\(layers)/ffn/linear_0/weight"] != nil { layers += 1 }
        configuration = WhisperConfiguration(
            width: first[0], layers: layers, heads: try model.integer(named: "encoder/num_heads"),
            hidden: try extents("layer_0/ffn/linear_0/weight", rank: 2)[0], mels: first[1],
            positions: try extents("position_encodings/encodings", rank: 2)[0])
        do throws(ModelFileError) { try configuration.check() } catch { throw error.inFile(model.path) }
        self.model = model
    }

    func convolution(_ number: Int) throws(ModelFileError) -> TransformerBlock.Weights.Layer {
        (try read("conv\(number)/weight", [configuration.width, inputs(number), 3]), try read("conv\(number)/bias", [configuration.width]))
    }

    func positions() throws(ModelFileError) -> [Float] {
        try read("position_encodings/encodings", [configuration.positions, configuration.width])
    }

    func block(_ index: Int) throws(ModelFileError) -> TransformerBlock.Weights {
        let (width, hidden) = (configuration.width, configuration.hidden), layer = "layer_\(index)/"
        return TransformerBlock.Weights(
            attentionNorm: try norm(layer + "self_attention/layer_norm"),
            projections: try linear(layer + "self_attention/linear_0", 3 * width, width),
            attentionOutput: try linear(layer + "self_attention/linear_1", width, width),
            feedForwardNorm: try norm(layer + "ffn/layer_norm"),
            up: try linear(layer + "ffn/linear_0", hidden, width), down: try linear(layer + "ffn/linear_1", width, hidden))
    }

    func finalNorm() throws(ModelFileError) -> TransformerBlock.Weights.Norm { try norm("layer_norm") }

    private func linear(_ name: String, _ outputs: Int, _ inputs: Int) throws(ModelFileError) -> TransformerBlock.Weights.Layer {
        (try read(name + "/weight", [outputs, inputs]), try read(name + "/bias", [outputs]))
    }

    private func norm(_ name: String) throws(ModelFileError) -> TransformerBlock.Weights.Norm {
        (try read(name + "/gamma", [configuration.width]), try read(name + "/beta", [configuration.width]))
    }

    private func read(_ name: String, _ extents: [Int]) throws(ModelFileError) -> [Float] {
        try model.floats(named: "encoder/" + name, shape: Shape(extents))
    }
}
