import InferenceCore

/// A SigLIP vision tower in a safetensors file, under the names of Hugging Face's transformers, which may begin with `vision_model.`. What
/// else the file holds (a text tower) is left alone.
struct SiglipWeights {
    let configuration: SiglipConfiguration
    private let file: Safetensors
    private let prefix: String

    /// - Parameter stated: What `config.json` says; the number of heads cannot be seen in the weights.
    init(_ file: Safetensors, stated: SiglipConfiguration) throws(ModelFileError) {
        guard let prefix = ["vision_model.", ""].first(where: { file[$0 + "embeddings.patch_embedding.weight"] != nil }) else {
            throw ModelFileError(.missing, file: file.path, "there is no tensor 'vision_model.embeddings.patch_embedding.weight': this is no SigLIP model")
        }
        do throws(ModelFileError) { try stated.check() } catch { throw error.inFile(file.path) }
        guard file["\(prefix)encoder.layers.\(stated.layers).mlp.fc1.weight"] == nil else {
            throw ModelFileError(.mismatch, file: file.path, "there are more than the \(stated.layers) layers that the configuration has")
        }
        self.file = file
        self.prefix = prefix
        configuration = stated
    }

    /// Whether the file has the head that pools by attention; a tower that was made without has none.
    var hasHead: Bool { file[prefix + "head.probe"] != nil }

    /// `[width, 3, patch, patch]` and `[width]`.
    func patchEmbedding() throws(ModelFileError) -> TransformerBlock.Weights.Layer {
        let (width, patch) = (configuration.width, configuration.patch)
        return (try read("embeddings.patch_embedding.weight", [width, 3, patch, patch]), try read("embeddings.patch_embedding.bias", [width]))
    }

    /// `[positions, width]`
    func positions() throws(ModelFileError) -> [Float] {
        try read("embeddings.position_embedding.weight", [configuration.positions, configuration.width])
    }

    func block(_ index: Int) throws(ModelFileError) -> TransformerBlock.Weights {
        let (width, hidden) = (configuration.width, configuration.hidden), layer = "encoder.layers.\(index)."
        var projections: TransformerBlock.Weights.Layer = ([], [])
        projections.weights.reserveCapacity(3 * width * width)
        for name in ["q", "k", "v"] {
            let (weights, bias) = try linear("\(layer)self_attn.\(name)_proj", width, width)
            projections.weights += weights
            projections.bias += bias
        }
        return TransformerBlock.Weights(
            attentionNorm: try norm(layer + "layer_norm1"), projections: projections, attentionOutput: try linear(layer + "self_attn.out_proj", width, width),
            feedForwardNorm: try norm(layer + "layer_norm2"), up: try linear(layer + "mlp.fc1", hidden, width), down: try linear(layer + "mlp.fc2", width, hidden))
    }

    func finalNorm() throws(ModelFileError) -> TransformerBlock.Weights.Norm { try norm("post_layernorm") }

    /// Of the head that pools by attention.
    struct Head {
        /// `[width]`
        var probe: [Float]
        /// `[3 * width, width]`: queries, keys, values.
        var projections: TransformerBlock.Weights.Layer
        var output: TransformerBlock.Weights.Layer
        var norm: TransformerBlock.Weights.Norm
        var up: TransformerBlock.Weights.Layer
        var down: TransformerBlock.Weights.Layer
    }

    func head() throws(ModelFileError) -> Head {
        let (width, hidden) = (configuration.width, configuration.hidden)
        return Head(
            probe: try read("head.probe", [1, 1, width]),
            projections: (try read("head.attention.in_proj_weight", [3 * width, width]), try read("head.attention.in_proj_bias", [3 * width])),
            output: try linear("head.attention.out_proj", width, width), norm: try norm("head.layernorm"), up: try linear("head.mlp.fc1", hidden, width),
            down: try linear("head.mlp.fc2", width, hidden))
    }

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
