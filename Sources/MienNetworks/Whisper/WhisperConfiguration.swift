import MienJSON

/// The extents of a Whisper encoder.
package struct WhisperConfiguration: Sendable, Equatable {
    /// Values in a hidden state; a multiple of `heads`.
    package var width: Int
    package var layers: Int
    package var heads: Int
    /// Values between the two layers of a feed-forward part.
    package var hidden: Int
    /// Mel bands of the input: 80, or 128 from large-v3 on.
    package var mels: Int
    /// Longest result; the input may have twice as many frames.
    package var positions: Int

    package init(width: Int, layers: Int, heads: Int, hidden: Int, mels: Int, positions: Int) {
        self.width = width
        self.layers = layers
        self.heads = heads
        self.hidden = hidden
        self.mels = mels
        self.positions = positions
    }

    /// Reads the `config.json` of a model in the format of Hugging Face's transformers.
    ///
    /// - Throws: `ModelFileError`: `.malformed`, `.missing` with the name of a member, `.unsupported` for another kind of model or activation.
    package init(json text: some Collection<UInt8>) throws(ModelFileError) {
        let json: JSONValue
        do throws(JSONError) {
            json = try JSONValue.parse(text)
        } catch {
            throw ModelFileError(.malformed, "config.json: \(error)")
        }
        if let kind = json["model_type"], kind != .string("whisper") {
            throw ModelFileError(.unsupported, "config.json is of a model of type \(kind.string ?? kind.kind), expected whisper")
        }
        if let activation = json["activation_function"], activation != .string("gelu") {
            throw ModelFileError(.unsupported, "config.json asks for the activation \(activation.string ?? activation.kind), expected gelu")
        }
        func count(_ name: String) throws(ModelFileError) -> Int {
            guard let value = json[name] else { throw ModelFileError(.missing, "config.json has no '\(name)'") }
            guard let number: Int = value.number?.integer(), (1...1 << 24).contains(number) else {
                throw ModelFileError(.malformed, "'\(name)' in config.json is not a count")
            }
            return number
        }
        self.init(width: try count("d_model"), layers: try count("encoder_layers"), heads: try count("encoder_attention_heads"),
                  hidden: try count("encoder_ffn_dim"), mels: try count("num_mel_bins"), positions: try count("max_source_positions"))
    }

    /// - Throws: `ModelFileError` `.mismatch` for extents that no encoder has.
    func check() throws(ModelFileError) {
        guard min(width, layers, heads, hidden, mels, positions) > 0, width % heads == 0 else {
            throw ModelFileError(.mismatch, "no Whisper encoder has \(self)")
        }
    }
}

extension WhisperConfiguration: CustomStringConvertible {
    package var description: String {
        "width \(width), \(layers) layers, \(heads) heads, \(hidden) hidden, \(mels) mels, \(positions) positions"
    }
}
