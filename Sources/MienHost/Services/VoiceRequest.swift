import MienEstimation
import MienMedia
import MienMessages
import MienWire

/// A request about a recording, every field checked. Reading it costs nothing yet: files are opened and decoded on a lane.
struct VoiceRequest: EstimationRequest {
    enum Source: Sendable {
        case file([UInt8])
        case path(String)
        case samples([UInt8], RawPCM)
    }

    var id: String
    var source: Source
    var routing: RoutingRequest
    var granularity: Granularity
    var criteria: SpeechCriteria
    var answer: AnswerOptions

    var bytes: Int {
        switch source {
        case .file(let data): data.count
        case .path(let path): path.utf8.count
        case .samples(let samples, _): samples.count
        }
    }

    private static let kinds = "a WAV, FLAC, Ogg, MP3 or AIFF file"

    /// - Throws: `CallError` `invalidArgument`, with the field that is to blame.
    init(_ message: Proto.EstimateVoiceRequest) throws(CallError) {
        id = try RequestField.id(message.requestId)
        routing = try RoutingRequest(estimator: message.estimator, message.routing, field: "routing")
        source = try Self.source(message.audio)
        let options = message.options ?? Proto.VoiceOptions()
        answer = try AnswerOptions(categories: options.categories, minimumReliability: options.minimumReliability, neutral: options.neutral, in: "options")
        granularity = try Self.granularity(options)
        criteria = SpeechCriteria()
        criteria.maximumSpeech = 30_000
        try criteria.apply(options.activity, field: "options.activity")
    }

    static func id(of message: Proto.EstimateVoiceRequest) -> String { message.requestId }
    static func failure(_ failure: Proto.Failure, id: String) -> Proto.EstimateVoiceResponse { .init(requestId: id, failure: failure) }

    private static func source(_ audio: Proto.EstimateVoiceRequest.Audio?) throws(CallError) -> Source {
        switch audio {
        case nil:
            throw RequestField.invalid("audio", "AUDIO_MISSING", "the request has no recording; set one of data, path and raw")
        case .data(let data):
            guard !data.isEmpty else { throw RequestField.invalid("data", AudioError.Reason.empty.rawValue, "data is empty; it must hold \(kinds)") }
            return .file(data)
        case .path(let path): return .path(try RequestField.path(path, of: kinds))
        case .raw(let raw):
            guard !raw.samples.isEmpty else { throw RequestField.invalid("raw.samples", AudioError.Reason.empty.rawValue, "raw.samples is empty") }
            return .samples(raw.samples, try RawPCM(raw.format, field: "raw.format"))
        }
    }

    private static func granularity(_ options: Proto.VoiceOptions) throws(CallError) -> Granularity {
        let window = try RequestField.number(options.window, "options.window", in: 1...30) ?? 5
        let hop = try RequestField.number(options.hop, "options.hop", in: 0.1...30) ?? 1
        switch options.granularity {
        case .unspecified, .clip: return .clip
        case .utterance: return .utterance
        case .window: return .window(length: samples(window), hop: samples(hop))
        default:
            throw RequestField.invalid("options.granularity", "FIELD_OUT_OF_RANGE", "options.granularity is \(options.granularity.rawValue), which this host does "
                                       + "not know; it knows GRANULARITY_CLIP, GRANULARITY_UTTERANCE and GRANULARITY_WINDOW")
        }
    }

    /// Opens the recording. Blocks: for lanes only.
    ///
    /// - Throws: `AudioError`, `MediaFileError`.
    func open() throws -> (source: AudioSource, info: Proto.AudioInfo) {
        switch source {
        case .file(let data): return try open(AudioFile(data))
        case .path(let path): return try open(AudioFile(path: path))
        case .samples(let samples, let layout):
            let info = Proto.AudioInfo(rate: UInt32(layout.sampleRate), channels: UInt32(layout.channels), format: "raw")
            return (try AudioSource(RawPCMReader(layout, samples)), info)
        }
    }

    private func open(_ file: AudioFile) throws -> (source: AudioSource, info: Proto.AudioInfo) {
        let info = Proto.AudioInfo(rate: UInt32(file.sampleRate), channels: UInt32(file.channels), format: file.format.rawValue)
        return (try AudioSource(file), info)
    }
}

/// Samples at 16 kHz of so many seconds.
func samples(_ seconds: Float) -> Int { Int((seconds * Float(AudioSource.sampleRate)).rounded()) }

extension RawPCM {
    /// - Throws: `CallError` `invalidArgument`.
    init(_ message: Proto.AudioFormat?, field: String) throws(CallError) {
        guard let message else { throw RequestField.invalid(field, "FIELD_MISSING", "\(field) is not set; raw samples need it") }
        let encoding: Encoding
        switch message.samples {
        case .s16le: encoding = .s16le
        case .f32le: encoding = .f32le
        case .unspecified: throw RequestField.invalid(field + ".samples", "FIELD_MISSING", "\(field).samples is not set; it must be SAMPLE_FORMAT_S16LE or SAMPLE_FORMAT_F32LE")
        default:
            throw RequestField.invalid(field + ".samples", "FIELD_OUT_OF_RANGE", "\(field).samples is \(message.samples.rawValue), which this host does not know; it "
                                       + "reads SAMPLE_FORMAT_S16LE and SAMPLE_FORMAT_F32LE")
        }
        guard (1000...768_000).contains(message.rate) else {
            throw RequestField.invalid(field + ".rate", "FIELD_OUT_OF_RANGE", "\(field).rate is \(message.rate); it must be from 1000 to 768000 Hz")
        }
        do throws(AudioError) {
            try self.init(encoding, sampleRate: Int(message.rate), channels: max(Int(message.channels), 1))
        } catch {
            throw RequestField.invalid(field, error.reason.rawValue, error.message)
        }
    }
}

extension SpeechCriteria {
    /// Takes over what the message sets.
    ///
    /// - Throws: `CallError` `invalidArgument`.
    mutating func apply(_ message: Proto.VoiceActivityOptions?, field: String) throws(CallError) {
        guard let message else { return }
        func milliseconds(_ value: Float?, _ name: String, _ range: ClosedRange<Float>) throws(CallError) -> Int? {
            try RequestField.number(value, "\(field).\(name)", in: range).map { Int(($0 * 1000).rounded()) }
        }
        if let value = try RequestField.number(message.threshold, field + ".threshold", in: 0.01...0.99, unit: "") { threshold = Double(value) }
        if let value = try milliseconds(message.minimumSpeech, "minimum_speech", 0...10) { minimumSpeech = value }
        if let value = try milliseconds(message.minimumSilence, "minimum_silence", 0...10) { minimumSilence = value }
        if let value = try milliseconds(message.padding, "padding", 0...1) { padding = value }
        if let value = try milliseconds(message.maximumSpeech, "maximum_speech", 1...600) { maximumSpeech = value }
        do throws(SpeechCriteriaError) {
            _ = try SpeechSegmenter(self)
        } catch {
            throw RequestField.invalid(field, "FIELD_OUT_OF_RANGE", "\(field): \(error.description)")
        }
    }
}
