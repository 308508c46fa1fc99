// Generated from Protos/mien/v1/voice.proto by Scripts/generate-protos. Do not edit.
import CMienProtos
import CProtobufC

extension Proto {
    package struct SampleFormat: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        package let rawValue: Int32
        package init(rawValue: Int32) { self.rawValue = rawValue }

        package static let unspecified = Self(rawValue: 0)
        /// 16-bit signed integers, little-endian.
        package static let s16le = Self(rawValue: 1)
        /// 32-bit floats, little-endian, -1..1.
        package static let f32le = Self(rawValue: 2)

        /// The name in the .proto file; a number that has none there stands for itself.
        package var description: String {
            switch rawValue {
            case 0: "SAMPLE_FORMAT_UNSPECIFIED"
            case 1: "SAMPLE_FORMAT_S16LE"
            case 2: "SAMPLE_FORMAT_F32LE"
            default: "\(rawValue)"
            }
        }
    }

    package struct Granularity: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        package let rawValue: Int32
        package init(rawValue: Int32) { self.rawValue = rawValue }

        package static let unspecified = Self(rawValue: 0)
        /// One estimate of all speech together. The default.
        package static let clip = Self(rawValue: 1)
        /// One for each utterance.
        package static let utterance = Self(rawValue: 2)
        /// One for each window that has speech in it.
        package static let window = Self(rawValue: 3)

        /// The name in the .proto file; a number that has none there stands for itself.
        package var description: String {
            switch rawValue {
            case 0: "GRANULARITY_UNSPECIFIED"
            case 1: "GRANULARITY_CLIP"
            case 2: "GRANULARITY_UTTERANCE"
            case 3: "GRANULARITY_WINDOW"
            default: "\(rawValue)"
            }
        }
    }

    package struct EstimateVoiceRequest: ProtoMessage, CMessage {
        /// Returned with the answer. The host does not interpret it.
        package var requestId: String = ""
        package var audio: Audio? = nil
        /// Id of an estimator; empty: the host's first for voices, or the first that covers the categories in the options.
        package var estimator: String = ""
        package var options: Proto.VoiceOptions? = nil
        package var routing: Proto.Routing? = nil
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package enum Audio: Sendable, Equatable {
            /// A WAV, FLAC, Ogg (Vorbis, Opus), MP3 or AIFF file, whole.
            case data([UInt8])
            /// Path of such a file, absolute, readable by the host. Of any length: it is read as it is needed.
            case path(String)
            /// Samples.
            case raw(Proto.RawAudio)
        }

        package init() {}

        package init(requestId: String = "", audio: Audio? = nil, estimator: String = "", options: Proto.VoiceOptions? = nil, routing: Proto.Routing? = nil) {
            self.requestId = requestId
            self.audio = audio
            self.estimator = estimator
            self.options = options
            self.routing = routing
        }

        package static let fullName = "mien.v1.EstimateVoiceRequest"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__EstimateVoiceRequest
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__estimate_voice_request__type() }

        init(c: UnsafePointer<C>) {
            switch c.pointee.audio_case.rawValue {
            case 2: audio = .data(readBytes(c.pointee.data))
            case 3: audio = .path(readString(c.pointee.path))
            case 4: audio = readMessage(c.pointee.raw).map { .raw($0) }
            default: break
            }
            requestId = readString(c.pointee.request_id)
            estimator = readString(c.pointee.estimator)
            options = readMessage(c.pointee.options)
            routing = readMessage(c.pointee.routing)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__estimate_voice_request__init(c)
            switch audio {
            case .data(let value):
                c.pointee.audio_case = .init(rawValue: 2)
                c.pointee.data = arena.bytes(value)
            case .path(let value):
                c.pointee.audio_case = .init(rawValue: 3)
                c.pointee.path = arena.string(value)
            case .raw(let value):
                c.pointee.audio_case = .init(rawValue: 4)
                c.pointee.raw = arena.message(value)
            case nil: break
            }
            if !requestId.isEmpty { c.pointee.request_id = arena.string(requestId) }
            if !estimator.isEmpty { c.pointee.estimator = arena.string(estimator) }
            if let value = options { c.pointee.options = arena.message(value) }
            if let value = routing { c.pointee.routing = arena.message(value) }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    /// Samples without a file around them.
    package struct RawAudio: ProtoMessage, CMessage {
        package var format: Proto.AudioFormat? = nil
        /// Frames of interleaved channels.
        package var samples: [UInt8] = []
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(format: Proto.AudioFormat? = nil, samples: [UInt8] = []) {
            self.format = format
            self.samples = samples
        }

        package static let fullName = "mien.v1.RawAudio"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__RawAudio
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__raw_audio__type() }

        init(c: UnsafePointer<C>) {
            format = readMessage(c.pointee.format)
            samples = readBytes(c.pointee.samples)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__raw_audio__init(c)
            if let value = format { c.pointee.format = arena.message(value) }
            if !samples.isEmpty { c.pointee.samples = arena.bytes(samples) }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct AudioFormat: ProtoMessage, CMessage {
        package var samples: Proto.SampleFormat = .init(rawValue: 0)
        /// Frames per second, 1000..768000.
        package var rate: UInt32 = 0
        /// 1..64; they are mixed. 0: 1.
        package var channels: UInt32 = 0
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(samples: Proto.SampleFormat = .init(rawValue: 0), rate: UInt32 = 0, channels: UInt32 = 0) {
            self.samples = samples
            self.rate = rate
            self.channels = channels
        }

        package static let fullName = "mien.v1.AudioFormat"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__AudioFormat
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__audio_format__type() }

        init(c: UnsafePointer<C>) {
            samples = Proto.SampleFormat(rawValue: .init(truncatingIfNeeded: c.pointee.samples.rawValue))
            rate = c.pointee.rate
            channels = c.pointee.channels
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__audio_format__init(c)
            c.pointee.samples = Mien__V1__SampleFormat(rawValue: .init(truncatingIfNeeded: samples.rawValue))
            c.pointee.rate = rate
            c.pointee.channels = channels
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct VoiceOptions: ProtoMessage, CMessage {
        package var granularity: Proto.Granularity = .init(rawValue: 0)
        package var window: Float? = nil
        package var hop: Float? = nil
        package var activity: Proto.VoiceActivityOptions? = nil
        /// Answer about these EmoNet categories alone; their spelling is free ("surprise", "jealousy_&_envy"). None: about all that the estimator covers.
        package var categories: [String] = []
        package var minimumReliability: Float? = nil
        /// Native scores of the same speaker's neutral voice, as an earlier answer gave them. An estimator without use for them says so: NEUTRAL_UNUSED.
        package var neutral: [Proto.NativeScore] = []
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(granularity: Proto.Granularity = .init(rawValue: 0), window: Float? = nil, hop: Float? = nil, activity: Proto.VoiceActivityOptions? = nil, categories: [String] = [], minimumReliability: Float? = nil, neutral: [Proto.NativeScore] = []) {
            self.granularity = granularity
            self.window = window
            self.hop = hop
            self.activity = activity
            self.categories = categories
            self.minimumReliability = minimumReliability
            self.neutral = neutral
        }

        package static let fullName = "mien.v1.VoiceOptions"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__VoiceOptions
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__voice_options__type() }

        init(c: UnsafePointer<C>) {
            granularity = Proto.Granularity(rawValue: .init(truncatingIfNeeded: c.pointee.granularity.rawValue))
            if c.pointee.optional_window_case.rawValue == 2 { window = c.pointee.window }
            if c.pointee.optional_hop_case.rawValue == 3 { hop = c.pointee.hop }
            activity = readMessage(c.pointee.activity)
            categories = (0..<c.pointee.n_categories).map { readString(c.pointee.categories[$0]) }
            if c.pointee.optional_minimum_reliability_case.rawValue == 6 { minimumReliability = c.pointee.minimum_reliability }
            neutral = readMessages(c.pointee.neutral, c.pointee.n_neutral)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__voice_options__init(c)
            c.pointee.granularity = Mien__V1__Granularity(rawValue: .init(truncatingIfNeeded: granularity.rawValue))
            if let value = window {
                c.pointee.optional_window_case = .init(rawValue: 2)
                c.pointee.window = value
            }
            if let value = hop {
                c.pointee.optional_hop_case = .init(rawValue: 3)
                c.pointee.hop = value
            }
            if let value = activity { c.pointee.activity = arena.message(value) }
            if !categories.isEmpty {
                c.pointee.n_categories = categories.count
                c.pointee.categories = arena.list(categories) { value, arena in arena.string(value) }
            }
            if let value = minimumReliability {
                c.pointee.optional_minimum_reliability_case = .init(rawValue: 6)
                c.pointee.minimum_reliability = value
            }
            if !neutral.isEmpty {
                c.pointee.n_neutral = neutral.count
                c.pointee.neutral = arena.list(neutral) { value, arena in arena.message(value) }
            }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    /// When speech begins and ends. What is not set has the default in brackets.
    package struct VoiceActivityOptions: ProtoMessage, CMessage {
        package var threshold: Float? = nil
        package var minimumSpeech: Float? = nil
        package var minimumSilence: Float? = nil
        package var padding: Float? = nil
        package var maximumSpeech: Float? = nil
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(threshold: Float? = nil, minimumSpeech: Float? = nil, minimumSilence: Float? = nil, padding: Float? = nil, maximumSpeech: Float? = nil) {
            self.threshold = threshold
            self.minimumSpeech = minimumSpeech
            self.minimumSilence = minimumSilence
            self.padding = padding
            self.maximumSpeech = maximumSpeech
        }

        package static let fullName = "mien.v1.VoiceActivityOptions"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__VoiceActivityOptions
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__voice_activity_options__type() }

        init(c: UnsafePointer<C>) {
            if c.pointee.optional_threshold_case.rawValue == 1 { threshold = c.pointee.threshold }
            if c.pointee.optional_minimum_speech_case.rawValue == 2 { minimumSpeech = c.pointee.minimum_speech }
            if c.pointee.optional_minimum_silence_case.rawValue == 3 { minimumSilence = c.pointee.minimum_silence }
            if c.pointee.optional_padding_case.rawValue == 4 { padding = c.pointee.padding }
            if c.pointee.optional_maximum_speech_case.rawValue == 5 { maximumSpeech = c.pointee.maximum_speech }
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__voice_activity_options__init(c)
            if let value = threshold {
                c.pointee.optional_threshold_case = .init(rawValue: 1)
                c.pointee.threshold = value
            }
            if let value = minimumSpeech {
                c.pointee.optional_minimum_speech_case = .init(rawValue: 2)
                c.pointee.minimum_speech = value
            }
            if let value = minimumSilence {
                c.pointee.optional_minimum_silence_case = .init(rawValue: 3)
                c.pointee.minimum_silence = value
            }
            if let value = padding {
                c.pointee.optional_padding_case = .init(rawValue: 4)
                c.pointee.padding = value
            }
            if let value = maximumSpeech {
                c.pointee.optional_maximum_speech_case = .init(rawValue: 5)
                c.pointee.maximum_speech = value
            }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct EstimateVoiceResponse: ProtoMessage, CMessage {
        package var requestId: String = ""
        package var audio: Proto.AudioInfo? = nil
        /// In the order of time.
        package var estimates: [Proto.Estimate] = []
        /// All utterances found, whatever the granularity.
        package var utterances: [Proto.VoiceSegment] = []
        /// About the recording as a whole.
        package var warnings: [Proto.Warning] = []
        /// Set instead of the rest, in streams only, when this one request failed.
        package var failure: Proto.Failure? = nil
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(requestId: String = "", audio: Proto.AudioInfo? = nil, estimates: [Proto.Estimate] = [], utterances: [Proto.VoiceSegment] = [], warnings: [Proto.Warning] = [], failure: Proto.Failure? = nil) {
            self.requestId = requestId
            self.audio = audio
            self.estimates = estimates
            self.utterances = utterances
            self.warnings = warnings
            self.failure = failure
        }

        package static let fullName = "mien.v1.EstimateVoiceResponse"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__EstimateVoiceResponse
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__estimate_voice_response__type() }

        init(c: UnsafePointer<C>) {
            requestId = readString(c.pointee.request_id)
            audio = readMessage(c.pointee.audio)
            estimates = readMessages(c.pointee.estimates, c.pointee.n_estimates)
            utterances = readMessages(c.pointee.utterances, c.pointee.n_utterances)
            warnings = readMessages(c.pointee.warnings, c.pointee.n_warnings)
            failure = readMessage(c.pointee.failure)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__estimate_voice_response__init(c)
            if !requestId.isEmpty { c.pointee.request_id = arena.string(requestId) }
            if let value = audio { c.pointee.audio = arena.message(value) }
            if !estimates.isEmpty {
                c.pointee.n_estimates = estimates.count
                c.pointee.estimates = arena.list(estimates) { value, arena in arena.message(value) }
            }
            if !utterances.isEmpty {
                c.pointee.n_utterances = utterances.count
                c.pointee.utterances = arena.list(utterances) { value, arena in arena.message(value) }
            }
            if !warnings.isEmpty {
                c.pointee.n_warnings = warnings.count
                c.pointee.warnings = arena.list(warnings) { value, arena in arena.message(value) }
            }
            if let value = failure { c.pointee.failure = arena.message(value) }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct AudioInfo: ProtoMessage, CMessage {
        /// Seconds.
        package var duration: Double = 0
        /// As recorded.
        package var rate: UInt32 = 0
        package var channels: UInt32 = 0
        /// "wav", "flac", "ogg", "mp3", "aiff", ... or "raw".
        package var format: String = ""
        package var quality: Proto.VoiceQuality? = nil
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(duration: Double = 0, rate: UInt32 = 0, channels: UInt32 = 0, format: String = "", quality: Proto.VoiceQuality? = nil) {
            self.duration = duration
            self.rate = rate
            self.channels = channels
            self.format = format
            self.quality = quality
        }

        package static let fullName = "mien.v1.AudioInfo"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__AudioInfo
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__audio_info__type() }

        init(c: UnsafePointer<C>) {
            duration = c.pointee.duration
            rate = c.pointee.rate
            channels = c.pointee.channels
            format = readString(c.pointee.format)
            quality = readMessage(c.pointee.quality)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__audio_info__init(c)
            c.pointee.duration = duration
            c.pointee.rate = rate
            c.pointee.channels = channels
            if !format.isEmpty { c.pointee.format = arena.string(format) }
            if let value = quality { c.pointee.quality = arena.message(value) }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct WatchVoiceRequest: ProtoMessage, CMessage {
        package var kind: Kind? = nil
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package enum Kind: Sendable, Equatable {
            /// First, and only first.
            case start(Proto.WatchVoiceStart)
            /// Any number of bytes, also such that end within a sample.
            case samples([UInt8])
        }

        package init() {}

        package init(kind: Kind? = nil) {
            self.kind = kind
        }

        package static let fullName = "mien.v1.WatchVoiceRequest"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__WatchVoiceRequest
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__watch_voice_request__type() }

        init(c: UnsafePointer<C>) {
            switch c.pointee.kind_case.rawValue {
            case 1: kind = readMessage(c.pointee.start).map { .start($0) }
            case 2: kind = .samples(readBytes(c.pointee.samples))
            default: break
            }
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__watch_voice_request__init(c)
            switch kind {
            case .start(let value):
                c.pointee.kind_case = .init(rawValue: 1)
                c.pointee.start = arena.message(value)
            case .samples(let value):
                c.pointee.kind_case = .init(rawValue: 2)
                c.pointee.samples = arena.bytes(value)
            case nil: break
            }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct WatchVoiceStart: ProtoMessage, CMessage {
        package var format: Proto.AudioFormat? = nil
        /// As in EstimateVoiceRequest.
        package var estimator: String = ""
        package var activity: Proto.VoiceActivityOptions? = nil
        package var interval: Float? = nil
        package var window: Float? = nil
        /// Answer about these EmoNet categories alone; their spelling is free ("surprise", "jealousy_&_envy"). None: about all that the estimator covers.
        package var categories: [String] = []
        package var minimumReliability: Float? = nil
        /// Native scores of the same speaker's neutral voice, as an earlier answer gave them. An estimator without use for them says so: NEUTRAL_UNUSED.
        package var neutral: [Proto.NativeScore] = []
        /// `fallbacks` matter at the beginning only: who has begun goes on to the end.
        package var routing: Proto.Routing? = nil
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(format: Proto.AudioFormat? = nil, estimator: String = "", activity: Proto.VoiceActivityOptions? = nil, interval: Float? = nil, window: Float? = nil, categories: [String] = [], minimumReliability: Float? = nil, neutral: [Proto.NativeScore] = [], routing: Proto.Routing? = nil) {
            self.format = format
            self.estimator = estimator
            self.activity = activity
            self.interval = interval
            self.window = window
            self.categories = categories
            self.minimumReliability = minimumReliability
            self.neutral = neutral
            self.routing = routing
        }

        package static let fullName = "mien.v1.WatchVoiceStart"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__WatchVoiceStart
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__watch_voice_start__type() }

        init(c: UnsafePointer<C>) {
            format = readMessage(c.pointee.format)
            estimator = readString(c.pointee.estimator)
            activity = readMessage(c.pointee.activity)
            if c.pointee.optional_interval_case.rawValue == 4 { interval = c.pointee.interval }
            if c.pointee.optional_window_case.rawValue == 5 { window = c.pointee.window }
            categories = (0..<c.pointee.n_categories).map { readString(c.pointee.categories[$0]) }
            if c.pointee.optional_minimum_reliability_case.rawValue == 7 { minimumReliability = c.pointee.minimum_reliability }
            neutral = readMessages(c.pointee.neutral, c.pointee.n_neutral)
            routing = readMessage(c.pointee.routing)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__watch_voice_start__init(c)
            if let value = format { c.pointee.format = arena.message(value) }
            if !estimator.isEmpty { c.pointee.estimator = arena.string(estimator) }
            if let value = activity { c.pointee.activity = arena.message(value) }
            if let value = interval {
                c.pointee.optional_interval_case = .init(rawValue: 4)
                c.pointee.interval = value
            }
            if let value = window {
                c.pointee.optional_window_case = .init(rawValue: 5)
                c.pointee.window = value
            }
            if !categories.isEmpty {
                c.pointee.n_categories = categories.count
                c.pointee.categories = arena.list(categories) { value, arena in arena.string(value) }
            }
            if let value = minimumReliability {
                c.pointee.optional_minimum_reliability_case = .init(rawValue: 7)
                c.pointee.minimum_reliability = value
            }
            if !neutral.isEmpty {
                c.pointee.n_neutral = neutral.count
                c.pointee.neutral = arena.list(neutral) { value, arena in arena.message(value) }
            }
            if let value = routing { c.pointee.routing = arena.message(value) }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    /// Times are in seconds of the stream, exact to a sample of 16 kHz.
    package struct WatchVoiceEvent: ProtoMessage, CMessage {
        package var kind: Kind? = nil
        /// Seconds of the stream that had been heard when this was said.
        package var time: Double = 0
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package enum Kind: Sendable, Equatable {
            /// The samples are understood; nothing has been heard yet.
            case ready(Proto.WatchVoiceReady)
            case speechStart(Proto.SpeechStart)
            /// While someone speaks: of the last seconds.
            case interval(Proto.Estimate)
            /// When they have finished: of the whole utterance.
            case utterance(Proto.Estimate)
            /// About the sound, at most one of a kind every ten seconds.
            case warning(Proto.Warning)
        }

        package init() {}

        package init(kind: Kind? = nil, time: Double = 0) {
            self.kind = kind
            self.time = time
        }

        package static let fullName = "mien.v1.WatchVoiceEvent"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__WatchVoiceEvent
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__watch_voice_event__type() }

        init(c: UnsafePointer<C>) {
            switch c.pointee.kind_case.rawValue {
            case 1: kind = readMessage(c.pointee.ready).map { .ready($0) }
            case 2: kind = readMessage(c.pointee.speech_start).map { .speechStart($0) }
            case 3: kind = readMessage(c.pointee.interval).map { .interval($0) }
            case 4: kind = readMessage(c.pointee.utterance).map { .utterance($0) }
            case 5: kind = readMessage(c.pointee.warning).map { .warning($0) }
            default: break
            }
            time = c.pointee.time
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__watch_voice_event__init(c)
            switch kind {
            case .ready(let value):
                c.pointee.kind_case = .init(rawValue: 1)
                c.pointee.ready = arena.message(value)
            case .speechStart(let value):
                c.pointee.kind_case = .init(rawValue: 2)
                c.pointee.speech_start = arena.message(value)
            case .interval(let value):
                c.pointee.kind_case = .init(rawValue: 3)
                c.pointee.interval = arena.message(value)
            case .utterance(let value):
                c.pointee.kind_case = .init(rawValue: 4)
                c.pointee.utterance = arena.message(value)
            case .warning(let value):
                c.pointee.kind_case = .init(rawValue: 5)
                c.pointee.warning = arena.message(value)
            case nil: break
            }
            c.pointee.time = time
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct WatchVoiceReady: ProtoMessage, CMessage {
        package var estimator: String = ""
        package var version: String = ""
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(estimator: String = "", version: String = "") {
            self.estimator = estimator
            self.version = version
        }

        package static let fullName = "mien.v1.WatchVoiceReady"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__WatchVoiceReady
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__watch_voice_ready__type() }

        init(c: UnsafePointer<C>) {
            estimator = readString(c.pointee.estimator)
            version = readString(c.pointee.version)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__watch_voice_ready__init(c)
            if !estimator.isEmpty { c.pointee.estimator = arena.string(estimator) }
            if !version.isEmpty { c.pointee.version = arena.string(version) }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct SpeechStart: ProtoMessage, CMessage {
        package var start: Double = 0
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(start: Double = 0) {
            self.start = start
        }

        package static let fullName = "mien.v1.SpeechStart"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__SpeechStart
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__speech_start__type() }

        init(c: UnsafePointer<C>) {
            start = c.pointee.start
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__speech_start__init(c)
            c.pointee.start = start
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }
}
