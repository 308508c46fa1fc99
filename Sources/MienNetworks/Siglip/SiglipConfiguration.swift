import InferenceCore
import MienJSON

/// The extents of a SigLIP vision tower.
package struct SiglipConfiguration: Sendable, Equatable {
    /// Values in a hidden state; a multiple of `heads`.
    package var width: Int
    package var layers: Int
    package var heads: Int
    /// Values between the two layers of a feed-forward part.
    package var hidden: Int
    /// Pixels of a side of the square picture; a multiple of `patch`.
    package var image: Int
    /// Pixels of a side of a patch.
    package var patch: Int
    /// Of the layer normalisations.
    package var epsilon: Float

    package init(width: Int, layers: Int, heads: Int, hidden: Int, image: Int, patch: Int, epsilon: Float = 1e-6) {
        self.width = width
        self.layers = layers
        self.heads = heads
        self.hidden = hidden
        self.image = image
        self.patch = patch
        self.epsilon = epsilon
    }

    /// Patches of a picture.
    package var positions: Int { (image / patch) * (image / patch) }

    /// Reads the `config.json` of a SigLIP or SigLIP 2 model (of fixed resolution) in the format of Hugging Face's transformers: that of the
    /// vision tower alone, or of both towers with a `vision_config`. What is left out has transformers' default.
    ///
    /// - Throws: `ModelFileError`: `.malformed`, `.unsupported` for another kind of model or activation.
    package init(json text: some Collection<UInt8>) throws(ModelFileError) {
        let whole: JSONValue
        do throws(JSONError) {
            whole = try JSONValue.parse(text)
        } catch {
            throw ModelFileError(.malformed, "config.json: \(error)")
        }
        let json = whole["vision_config"] ?? whole
        let kind = json["model_type"] ?? whole["model_type"]
        if let kind, kind != .string("siglip_vision_model"), kind != .string("siglip") {
            throw ModelFileError(.unsupported, "config.json is of a model of type \(kind.string ?? kind.kind), expected siglip_vision_model")
        }
        if let activation = json["hidden_act"], activation != .string("gelu_pytorch_tanh") {
            throw ModelFileError(.unsupported, "config.json asks for the activation \(activation.string ?? activation.kind), expected gelu_pytorch_tanh")
        }
        func count(_ name: String, _ usual: Int) throws(ModelFileError) -> Int {
            guard let value = json[name] else { return usual }
            guard let number: Int = value.number?.integer(), (1...1 << 24).contains(number) else {
                throw ModelFileError(.malformed, "'\(name)' in config.json is not a count")
            }
            return number
        }
        var epsilon: Float = 1e-6
        if let value = json["layer_norm_eps"] {
            guard let number = value.number.flatMap({ Float($0.digits) }), number > 0, number < 1 else {
                throw ModelFileError(.malformed, "'layer_norm_eps' in config.json is no small number")
            }
            epsilon = number
        }
        self.init(width: try count("hidden_size", 768), layers: try count("num_hidden_layers", 12), heads: try count("num_attention_heads", 12),
                  hidden: try count("intermediate_size", 3072), image: try count("image_size", 224), patch: try count("patch_size", 16), epsilon: epsilon)
    }

    /// What the shapes of the weights say, for a file whose `config.json` is not there.
    ///
    /// - Parameter heads: Cannot be seen in the weights.
    /// - Throws: `ModelFileError`: `.missing` without heads or a tensor, `.mismatch` for a shape that no vision tower has.
    package init(of file: Safetensors, heads: Int?, epsilon: Float = 1e-6) throws(ModelFileError) {
        let prefix = file["vision_model.embeddings.patch_embedding.weight"] == nil ? "" : "vision_model."
        func extents(_ name: String, rank: Int) throws(ModelFileError) -> [Int] {
            let shape = try file.tensor(named: prefix + name).shape
            guard shape.rank == rank, shape.count > 0 else { throw ModelFileError(.mismatch, file: file.path, "tensor '\(prefix)\(name)' has shape \(shape)") }
            return shape.extents
        }
        guard let heads else { throw ModelFileError(.missing, file: file.path, "the number of heads is not known: it belongs into the metadata as 'heads'") }
        let embedding = try extents("embeddings.patch_embedding.weight", rank: 4), positions = try extents("embeddings.position_embedding.weight", rank: 2)[0]
        let across = Int(Double(positions).squareRoot().rounded())
        guard across * across == positions else { throw ModelFileError(.mismatch, file: file.path, "\(positions) positions do not fill a square") }
        var layers = 0
        while file["\(prefix)encoder.layers.\(layers).mlp.fc1.weight"] != nil { layers += 1 }
        self.init(width: embedding[0], layers: layers, heads: heads, hidden: try extents("encoder.layers.0.mlp.fc1.weight", rank: 2)[0],
                  image: across * embedding[3], patch: embedding[3], epsilon: epsilon)
    }

    /// - Throws: `ModelFileError` `.mismatch` for extents that no vision tower has.
    func check() throws(ModelFileError) {
        guard min(width, layers, heads, hidden, image, patch) > 0, width % heads == 0, image % patch == 0, image <= 1 << 14 else {
            throw ModelFileError(.mismatch, "no SigLIP vision tower has \(self)")
        }
    }
}

extension SiglipConfiguration: CustomStringConvertible {
    package var description: String {
        "width \(width), \(layers) layers, \(heads) heads, \(hidden) hidden, pictures of \(image) and patches of \(patch) pixels"
    }
}
