import MienJSON
import MienNetworks

/// What the metadata of a weight file say.
struct Configuration: Sendable {
    /// The classes, in the order of the outputs; there may be more outputs than classes.
    var labels: [String] = []
    /// Names of all outputs: classes, classes of single corpora, "valence", "arousal".
    var outputs: [String] = []
    var width = 0, heads = 0, layers = 0, mels = 0, positions = 0
    /// Loudest cell of the log-mel that the network was trained with.
    var level: Float = 0
    /// Longest clip in seconds.
    var longest: Float = 0
    /// Divides the classes' logits before softmax.
    var temperature: Float = 1
    /// Least probability of a label in the prediction set that holds the right one in 90 % of cases.
    var threshold: Float = 0

    static let format = "mien.voice-emotion 1"
    /// Coverage of the prediction sets.
    static let coverage: Float = 0.9

    /// - Throws: `ModelFileError` naming what is missing or out of range.
    init(_ file: Safetensors) throws(ModelFileError) {
        func value(_ name: String) throws(ModelFileError) -> JSONValue {
            guard let text = file.metadata[name] else { throw ModelFileError(.missing, file: file.path, "there is no metadata entry '\(name)'") }
            do throws(JSONError) { return try JSONValue.parse(text) } catch {
                throw ModelFileError(.malformed, file: file.path, "metadata entry '\(name)': \(error)")
            }
        }
        func malformed(_ name: String) -> ModelFileError { ModelFileError(.malformed, file: file.path, "metadata entry '\(name)' is not what it should be") }
        func strings(_ name: String) throws(ModelFileError) -> [String] {
            let strings = try value(name).array?.compactMap(\.string) ?? []
            guard !strings.isEmpty else { throw malformed(name) }
            return strings
        }
        func number(_ value: JSONValue?, _ name: String, _ range: ClosedRange<Float>) throws(ModelFileError) -> Float {
            guard let number = value?.number?.double, range.contains(Float(number)) else { throw malformed(name) }
            return Float(number)
        }
        guard file.metadata["format"] == Self.format else {
            throw ModelFileError(.unsupported, file: file.path, "the file is not of the format '\(Self.format)'")
        }
        labels = try strings("labels")
        outputs = try strings("outputs")
        guard outputs.count >= labels.count, Array(outputs.prefix(labels.count)) == labels else { throw malformed("outputs") }
        let config = try value("config")
        func count(_ name: String, _ limit: Float) throws(ModelFileError) -> Int { Int(try number(config[name], "config.\(name)", 1...limit)) }
        width = try count("width", 4096)
        heads = try count("heads", 128)
        layers = try count("layers", 64)
        mels = try count("mels", 512)
        positions = try count("positions", 1500)
        guard width % heads == 0 else { throw malformed("config.heads") }
        level = try number(config["level"], "config.level", -10...10)
        longest = try number(config["longest_seconds"], "config.longest_seconds", 0.1...Float(positions) / 50)
        temperature = try number(value("temperature"), "temperature", 0.01...100)
        threshold = try number(value("conformal")["0.9"], "conformal", 0...1)
    }
}
