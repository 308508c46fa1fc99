// Generated from Protos/mien/v1/plugin.proto by Scripts/generate-protos. Do not edit.
import CMienProtos
import CProtobufC

extension Proto {
    package struct FaceCrop: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        package let rawValue: Int32
        package init(rawValue: Int32) { self.rawValue = rawValue }

        package static let unspecified = Self(rawValue: 0)
        /// The face's box, stretched to width and height.
        package static let box = Self(rawValue: 1)
        /// Turned upright, with eyes, nose and mouth where ArcFace has them.
        package static let aligned = Self(rawValue: 2)

        /// The name in the .proto file; a number that has none there stands for itself.
        package var description: String {
            switch rawValue {
            case 0: "FACE_CROP_UNSPECIFIED"
            case 1: "FACE_CROP_BOX"
            case 2: "FACE_CROP_ALIGNED"
            default: "\(rawValue)"
            }
        }
    }

    package struct DescribePluginRequest: ProtoMessage, CMessage {
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package static let fullName = "mien.v1.DescribePluginRequest"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__DescribePluginRequest
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__describe_plugin_request__type() }

        init(c: UnsafePointer<C>) {
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__describe_plugin_request__init(c)
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct PluginDescription: ProtoMessage, CMessage {
        /// As in its plugin.json.
        package var id: String = ""
        package var version: String = ""
        /// At least one, no id twice.
        package var estimators: [Proto.PluginEstimator] = []
        /// Of a process: it has mapped the memory that the host gave it, and takes inputs from there. The host gives some where the system allows it: descriptor 3, if the environment has
        /// MIEN_MEDIA=3, is then a file of fixed size to be mapped shared and for reading.
        package var mappedMedia: Bool = false
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(id: String = "", version: String = "", estimators: [Proto.PluginEstimator] = [], mappedMedia: Bool = false) {
            self.id = id
            self.version = version
            self.estimators = estimators
            self.mappedMedia = mappedMedia
        }

        package static let fullName = "mien.v1.PluginDescription"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__PluginDescription
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__plugin_description__type() }

        init(c: UnsafePointer<C>) {
            id = readString(c.pointee.id)
            version = readString(c.pointee.version)
            estimators = readMessages(c.pointee.estimators, c.pointee.n_estimators)
            mappedMedia = c.pointee.mapped_media != 0
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__plugin_description__init(c)
            if !id.isEmpty { c.pointee.id = arena.string(id) }
            if !version.isEmpty { c.pointee.version = arena.string(version) }
            if !estimators.isEmpty {
                c.pointee.n_estimators = estimators.count
                c.pointee.estimators = arena.list(estimators) { value, arena in arena.message(value) }
            }
            c.pointee.mapped_media = mappedMedia ? 1 : 0
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    /// Where an input lies in the memory that host and process share. It stays there until the question is answered.
    package struct MediaSpan: ProtoMessage, CMessage {
        /// Of its first byte, a multiple of 64.
        package var offset: UInt64 = 0
        /// In bytes.
        package var size: UInt64 = 0
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(offset: UInt64 = 0, size: UInt64 = 0) {
            self.offset = offset
            self.size = size
        }

        package static let fullName = "mien.v1.MediaSpan"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__MediaSpan
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__media_span__type() }

        init(c: UnsafePointer<C>) {
            offset = c.pointee.offset
            size = c.pointee.size
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__media_span__init(c)
            c.pointee.offset = offset
            c.pointee.size = size
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct PluginEstimator: ProtoMessage, CMessage {
        /// As requests name it, in kebab-case: "my-voices".
        package var id: String = ""
        package var version: String = ""
        /// One sentence.
        package var summary: String = ""
        /// Canonical EmoNet names of the categories that it can speak about.
        package var categories: [String] = []
        /// "valence", "arousal", "dominance".
        package var dimensions: [String] = []
        package var attributes: [String] = []
        /// The classes of the underlying model, in its own words and order.
        package var nativeLabels: [String] = []
        package var minimumReliability: Float? = nil
        /// Native scores of a speaker's neutral voice change what it says.
        package var usesNeutral: Bool = false
        /// What it reads.
        package var input: Input? = nil
        /// Most faces or clips in one call [1].
        package var batch: UInt32 = 0
        /// Of its arithmetic, for people: "f32", "int8".
        package var precision: String = ""
        /// Of its weights; an SPDX identifier where there is one.
        package var licence: String = ""
        /// Whom to name, as the licence asks.
        package var attribution: String = ""
        /// About how much it keeps in memory; 0: unknown.
        package var memoryBytes: UInt64 = 0
        package var costMs: Float? = nil
        package var skill: Float? = nil
        /// It sends what it sees or hears to other machines.
        package var online: Bool = false
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package enum Input: Sendable, Equatable {
            case face(Proto.FaceInput)
            case voice(Proto.VoiceInput)
        }

        package init() {}

        package init(id: String = "", version: String = "", summary: String = "", categories: [String] = [], dimensions: [String] = [], attributes: [String] = [], nativeLabels: [String] = [], minimumReliability: Float? = nil, usesNeutral: Bool = false, input: Input? = nil, batch: UInt32 = 0, precision: String = "", licence: String = "", attribution: String = "", memoryBytes: UInt64 = 0, costMs: Float? = nil, skill: Float? = nil, online: Bool = false) {
            self.id = id
            self.version = version
            self.summary = summary
            self.categories = categories
            self.dimensions = dimensions
            self.attributes = attributes
            self.nativeLabels = nativeLabels
            self.minimumReliability = minimumReliability
            self.usesNeutral = usesNeutral
            self.input = input
            self.batch = batch
            self.precision = precision
            self.licence = licence
            self.attribution = attribution
            self.memoryBytes = memoryBytes
            self.costMs = costMs
            self.skill = skill
            self.online = online
        }

        package static let fullName = "mien.v1.PluginEstimator"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__PluginEstimator
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__plugin_estimator__type() }

        init(c: UnsafePointer<C>) {
            switch c.pointee.input_case.rawValue {
            case 10: input = readMessage(c.pointee.face).map { .face($0) }
            case 11: input = readMessage(c.pointee.voice).map { .voice($0) }
            default: break
            }
            id = readString(c.pointee.id)
            version = readString(c.pointee.version)
            summary = readString(c.pointee.summary)
            categories = (0..<c.pointee.n_categories).map { readString(c.pointee.categories[$0]) }
            dimensions = (0..<c.pointee.n_dimensions).map { readString(c.pointee.dimensions[$0]) }
            attributes = (0..<c.pointee.n_attributes).map { readString(c.pointee.attributes[$0]) }
            nativeLabels = (0..<c.pointee.n_native_labels).map { readString(c.pointee.native_labels[$0]) }
            if c.pointee.optional_minimum_reliability_case.rawValue == 8 { minimumReliability = c.pointee.minimum_reliability }
            usesNeutral = c.pointee.uses_neutral != 0
            batch = c.pointee.batch
            precision = readString(c.pointee.precision)
            licence = readString(c.pointee.licence)
            attribution = readString(c.pointee.attribution)
            memoryBytes = c.pointee.memory_bytes
            if c.pointee.optional_cost_case.rawValue == 17 { costMs = c.pointee.cost_ms }
            if c.pointee.optional_skill_case.rawValue == 18 { skill = c.pointee.skill }
            online = c.pointee.online != 0
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__plugin_estimator__init(c)
            switch input {
            case .face(let value):
                c.pointee.input_case = .init(rawValue: 10)
                c.pointee.face = arena.message(value)
            case .voice(let value):
                c.pointee.input_case = .init(rawValue: 11)
                c.pointee.voice = arena.message(value)
            case nil: break
            }
            if !id.isEmpty { c.pointee.id = arena.string(id) }
            if !version.isEmpty { c.pointee.version = arena.string(version) }
            if !summary.isEmpty { c.pointee.summary = arena.string(summary) }
            if !categories.isEmpty {
                c.pointee.n_categories = categories.count
                c.pointee.categories = arena.list(categories) { value, arena in arena.string(value) }
            }
            if !dimensions.isEmpty {
                c.pointee.n_dimensions = dimensions.count
                c.pointee.dimensions = arena.list(dimensions) { value, arena in arena.string(value) }
            }
            if !attributes.isEmpty {
                c.pointee.n_attributes = attributes.count
                c.pointee.attributes = arena.list(attributes) { value, arena in arena.string(value) }
            }
            if !nativeLabels.isEmpty {
                c.pointee.n_native_labels = nativeLabels.count
                c.pointee.native_labels = arena.list(nativeLabels) { value, arena in arena.string(value) }
            }
            if let value = minimumReliability {
                c.pointee.optional_minimum_reliability_case = .init(rawValue: 8)
                c.pointee.minimum_reliability = value
            }
            c.pointee.uses_neutral = usesNeutral ? 1 : 0
            c.pointee.batch = batch
            if !precision.isEmpty { c.pointee.precision = arena.string(precision) }
            if !licence.isEmpty { c.pointee.licence = arena.string(licence) }
            if !attribution.isEmpty { c.pointee.attribution = arena.string(attribution) }
            c.pointee.memory_bytes = memoryBytes
            if let value = costMs {
                c.pointee.optional_cost_case = .init(rawValue: 17)
                c.pointee.cost_ms = value
            }
            if let value = skill {
                c.pointee.optional_skill_case = .init(rawValue: 18)
                c.pointee.skill = value
            }
            c.pointee.online = online ? 1 : 0
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    /// How the host cuts faces out of pictures.
    package struct FaceInput: ProtoMessage, CMessage {
        /// In pixels, 8..1024.
        package var width: UInt32 = 0
        package var height: UInt32 = 0
        package var format: Proto.PixelFormat = .init(rawValue: 0)
        package var crop: Proto.FaceCrop = .init(rawValue: 0)
        /// With FACE_CROP_BOX: added on every side, as a share of the box, -0.4..1.
        package var margin: Float = 0
        /// With FACE_CROP_BOX: the shorter side grows to the length of the longer one, before the margin.
        package var square: Bool = false
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(width: UInt32 = 0, height: UInt32 = 0, format: Proto.PixelFormat = .init(rawValue: 0), crop: Proto.FaceCrop = .init(rawValue: 0), margin: Float = 0, square: Bool = false) {
            self.width = width
            self.height = height
            self.format = format
            self.crop = crop
            self.margin = margin
            self.square = square
        }

        package static let fullName = "mien.v1.FaceInput"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__FaceInput
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__face_input__type() }

        init(c: UnsafePointer<C>) {
            width = c.pointee.width
            height = c.pointee.height
            format = Proto.PixelFormat(rawValue: .init(truncatingIfNeeded: c.pointee.format.rawValue))
            crop = Proto.FaceCrop(rawValue: .init(truncatingIfNeeded: c.pointee.crop.rawValue))
            margin = c.pointee.margin
            square = c.pointee.square != 0
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__face_input__init(c)
            c.pointee.width = width
            c.pointee.height = height
            c.pointee.format = Mien__V1__PixelFormat(rawValue: .init(truncatingIfNeeded: format.rawValue))
            c.pointee.crop = Mien__V1__FaceCrop(rawValue: .init(truncatingIfNeeded: crop.rawValue))
            c.pointee.margin = margin
            c.pointee.square = square ? 1 : 0
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct VoiceInput: ProtoMessage, CMessage {
        /// Hz [16000]. The host gives 16000 and refuses an estimator that was built for another rate.
        package var rate: UInt32 = 0
        /// Longer clips come in equal parts, and their readings are joined; seconds, 1..600 [30].
        package var maximumSeconds: Float = 0
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(rate: UInt32 = 0, maximumSeconds: Float = 0) {
            self.rate = rate
            self.maximumSeconds = maximumSeconds
        }

        package static let fullName = "mien.v1.VoiceInput"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__VoiceInput
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__voice_input__type() }

        init(c: UnsafePointer<C>) {
            rate = c.pointee.rate
            maximumSeconds = c.pointee.maximum_seconds
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__voice_input__init(c)
            c.pointee.rate = rate
            c.pointee.maximum_seconds = maximumSeconds
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct WarmPluginRequest: ProtoMessage, CMessage {
        package var estimator: String = ""
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(estimator: String = "") {
            self.estimator = estimator
        }

        package static let fullName = "mien.v1.WarmPluginRequest"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__WarmPluginRequest
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__warm_plugin_request__type() }

        init(c: UnsafePointer<C>) {
            estimator = readString(c.pointee.estimator)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__warm_plugin_request__init(c)
            if !estimator.isEmpty { c.pointee.estimator = arena.string(estimator) }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct WarmPluginResponse: ProtoMessage, CMessage {
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package static let fullName = "mien.v1.WarmPluginResponse"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__WarmPluginResponse
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__warm_plugin_response__type() }

        init(c: UnsafePointer<C>) {
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__warm_plugin_response__init(c)
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct PluginFacesRequest: ProtoMessage, CMessage {
        package var estimator: String = ""
        /// Rows from top to bottom without padding: height * width * (1 or 3) bytes each, as the estimator's input says.
        package var faces: [[UInt8]] = []
        /// Canonical names of the only categories that anyone asks for: others may be left out, and need not. None: all.
        package var categories: [String] = []
        /// Instead of `faces`: where they lie.
        package var mapped: [Proto.MediaSpan] = []
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(estimator: String = "", faces: [[UInt8]] = [], categories: [String] = [], mapped: [Proto.MediaSpan] = []) {
            self.estimator = estimator
            self.faces = faces
            self.categories = categories
            self.mapped = mapped
        }

        package static let fullName = "mien.v1.PluginFacesRequest"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__PluginFacesRequest
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__plugin_faces_request__type() }

        init(c: UnsafePointer<C>) {
            estimator = readString(c.pointee.estimator)
            faces = (0..<c.pointee.n_faces).map { readBytes(c.pointee.faces[$0]) }
            categories = (0..<c.pointee.n_categories).map { readString(c.pointee.categories[$0]) }
            mapped = readMessages(c.pointee.mapped, c.pointee.n_mapped)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__plugin_faces_request__init(c)
            if !estimator.isEmpty { c.pointee.estimator = arena.string(estimator) }
            if !faces.isEmpty {
                c.pointee.n_faces = faces.count
                c.pointee.faces = arena.list(faces) { value, arena in arena.bytes(value) }
            }
            if !categories.isEmpty {
                c.pointee.n_categories = categories.count
                c.pointee.categories = arena.list(categories) { value, arena in arena.string(value) }
            }
            if !mapped.isEmpty {
                c.pointee.n_mapped = mapped.count
                c.pointee.mapped = arena.list(mapped) { value, arena in arena.message(value) }
            }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct PluginVoicesRequest: ProtoMessage, CMessage {
        package var estimator: String = ""
        /// Mono samples at the rate that the estimator's input says: 32-bit little-endian floats, finite, full scale -1..1, at least one.
        package var clips: [[UInt8]] = []
        package var categories: [String] = []
        /// Native scores of the same speaker's neutral voice, for estimators that use them.
        package var neutral: [Proto.NativeScore] = []
        /// Instead of `clips`: where they lie.
        package var mapped: [Proto.MediaSpan] = []
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(estimator: String = "", clips: [[UInt8]] = [], categories: [String] = [], neutral: [Proto.NativeScore] = [], mapped: [Proto.MediaSpan] = []) {
            self.estimator = estimator
            self.clips = clips
            self.categories = categories
            self.neutral = neutral
            self.mapped = mapped
        }

        package static let fullName = "mien.v1.PluginVoicesRequest"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__PluginVoicesRequest
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__plugin_voices_request__type() }

        init(c: UnsafePointer<C>) {
            estimator = readString(c.pointee.estimator)
            clips = (0..<c.pointee.n_clips).map { readBytes(c.pointee.clips[$0]) }
            categories = (0..<c.pointee.n_categories).map { readString(c.pointee.categories[$0]) }
            neutral = readMessages(c.pointee.neutral, c.pointee.n_neutral)
            mapped = readMessages(c.pointee.mapped, c.pointee.n_mapped)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__plugin_voices_request__init(c)
            if !estimator.isEmpty { c.pointee.estimator = arena.string(estimator) }
            if !clips.isEmpty {
                c.pointee.n_clips = clips.count
                c.pointee.clips = arena.list(clips) { value, arena in arena.bytes(value) }
            }
            if !categories.isEmpty {
                c.pointee.n_categories = categories.count
                c.pointee.categories = arena.list(categories) { value, arena in arena.string(value) }
            }
            if !neutral.isEmpty {
                c.pointee.n_neutral = neutral.count
                c.pointee.neutral = arena.list(neutral) { value, arena in arena.message(value) }
            }
            if !mapped.isEmpty {
                c.pointee.n_mapped = mapped.count
                c.pointee.mapped = arena.list(mapped) { value, arena in arena.message(value) }
            }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct PluginReadings: ProtoMessage, CMessage {
        package var readings: [Proto.PluginReading] = []
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(readings: [Proto.PluginReading] = []) {
            self.readings = readings
        }

        package static let fullName = "mien.v1.PluginReadings"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__PluginReadings
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__plugin_readings__type() }

        init(c: UnsafePointer<C>) {
            readings = readMessages(c.pointee.readings, c.pointee.n_readings)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__plugin_readings__init(c)
            if !readings.isEmpty {
                c.pointee.n_readings = readings.count
                c.pointee.readings = arena.list(readings) { value, arena in arena.message(value) }
            }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    /// What an estimator sees in one face or hears in one clip. All numbers are finite.
    package struct PluginReading: ProtoMessage, CMessage {
        /// No category twice, each one that the description names. Of the fields: name and intensity, if known probability, above_neutral and rater_reliability; native_score
        /// and native_scale, which may be left out together where the intensity is all there is. The host ranks and abstains.
        package var categories: [Proto.CategoryEstimate] = []
        package var dimensions: [Proto.DimensionEstimate] = []
        package var attributes: [Proto.AttributeEstimate] = []
        /// In the order of the native labels: all or none.
        package var nativeScores: [Proto.NativeScore] = []
        package var predictionSet: Proto.PredictionSet? = nil
        package var warnings: [Proto.Warning] = []
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(categories: [Proto.CategoryEstimate] = [], dimensions: [Proto.DimensionEstimate] = [], attributes: [Proto.AttributeEstimate] = [], nativeScores: [Proto.NativeScore] = [], predictionSet: Proto.PredictionSet? = nil, warnings: [Proto.Warning] = []) {
            self.categories = categories
            self.dimensions = dimensions
            self.attributes = attributes
            self.nativeScores = nativeScores
            self.predictionSet = predictionSet
            self.warnings = warnings
        }

        package static let fullName = "mien.v1.PluginReading"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__PluginReading
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__plugin_reading__type() }

        init(c: UnsafePointer<C>) {
            categories = readMessages(c.pointee.categories, c.pointee.n_categories)
            dimensions = readMessages(c.pointee.dimensions, c.pointee.n_dimensions)
            attributes = readMessages(c.pointee.attributes, c.pointee.n_attributes)
            nativeScores = readMessages(c.pointee.native_scores, c.pointee.n_native_scores)
            predictionSet = readMessage(c.pointee.prediction_set)
            warnings = readMessages(c.pointee.warnings, c.pointee.n_warnings)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__plugin_reading__init(c)
            if !categories.isEmpty {
                c.pointee.n_categories = categories.count
                c.pointee.categories = arena.list(categories) { value, arena in arena.message(value) }
            }
            if !dimensions.isEmpty {
                c.pointee.n_dimensions = dimensions.count
                c.pointee.dimensions = arena.list(dimensions) { value, arena in arena.message(value) }
            }
            if !attributes.isEmpty {
                c.pointee.n_attributes = attributes.count
                c.pointee.attributes = arena.list(attributes) { value, arena in arena.message(value) }
            }
            if !nativeScores.isEmpty {
                c.pointee.n_native_scores = nativeScores.count
                c.pointee.native_scores = arena.list(nativeScores) { value, arena in arena.message(value) }
            }
            if let value = predictionSet { c.pointee.prediction_set = arena.message(value) }
            if !warnings.isEmpty {
                c.pointee.n_warnings = warnings.count
                c.pointee.warnings = arena.list(warnings) { value, arena in arena.message(value) }
            }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }
}
