// Generated from Protos/mien/v1/estimate.proto by Scripts/generate-protos. Do not edit.
import CMienProtos
import CProtobufC

extension Proto {
    /// Who says what about whom.
    package struct Estimate: ProtoMessage, CMessage {
        package var madeBy: Proto.MadeBy? = nil
        package var subject: Subject? = nil
        /// One per covered category, or per category that the request asks for: the strongest first, and last those on which the estimator abstains.
        package var categories: [Proto.CategoryEstimate] = []
        package var dimensions: [Proto.DimensionEstimate] = []
        /// The model's own classes, in the model's order.
        /// What an estimator computes can depend on the categories that are asked for.
        package var nativeScores: [Proto.NativeScore] = []
        /// Canonical names of the EmoNet categories this estimator can speak about. Absence of any other says nothing.
        package var coveredCategories: [String] = []
        /// Of pictures.
        package var quality: Proto.InputQuality? = nil
        package var warnings: [Proto.Warning] = []
        /// Of recordings.
        package var voiceQuality: Proto.VoiceQuality? = nil
        /// Present only if the estimator was calibrated on held-out people.
        package var predictionSet: Proto.PredictionSet? = nil
        /// How this estimate differs from what is usual in the same stream. Beside the estimate, never instead of it; absent until enough has been
        /// heard.
        package var baseline: Proto.Baseline? = nil
        /// What the estimator says beside emotions, in its own order.
        package var attributes: [Proto.AttributeEstimate] = []
        /// Of an ensemble: what each estimator said, in the order of the request. What there is beside categories and dimensions stands here alone.
        package var members: [Proto.MemberEstimate] = []
        /// Of estimators that were asked as well: see Routing.shadows.
        package var shadows: [Proto.ShadowEstimate] = []
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package enum Subject: Sendable, Equatable {
            case face(Proto.Face)
            /// A stretch of a recording or stream.
            case voice(Proto.VoiceSegment)
        }

        package init() {}

        package init(madeBy: Proto.MadeBy? = nil, subject: Subject? = nil, categories: [Proto.CategoryEstimate] = [], dimensions: [Proto.DimensionEstimate] = [], nativeScores: [Proto.NativeScore] = [], coveredCategories: [String] = [], quality: Proto.InputQuality? = nil, warnings: [Proto.Warning] = [], voiceQuality: Proto.VoiceQuality? = nil, predictionSet: Proto.PredictionSet? = nil, baseline: Proto.Baseline? = nil, attributes: [Proto.AttributeEstimate] = [], members: [Proto.MemberEstimate] = [], shadows: [Proto.ShadowEstimate] = []) {
            self.madeBy = madeBy
            self.subject = subject
            self.categories = categories
            self.dimensions = dimensions
            self.nativeScores = nativeScores
            self.coveredCategories = coveredCategories
            self.quality = quality
            self.warnings = warnings
            self.voiceQuality = voiceQuality
            self.predictionSet = predictionSet
            self.baseline = baseline
            self.attributes = attributes
            self.members = members
            self.shadows = shadows
        }

        package static let fullName = "mien.v1.Estimate"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__Estimate
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__estimate__type() }

        init(c: UnsafePointer<C>) {
            switch c.pointee.subject_case.rawValue {
            case 2: subject = readMessage(c.pointee.face).map { .face($0) }
            case 9: subject = readMessage(c.pointee.voice).map { .voice($0) }
            default: break
            }
            madeBy = readMessage(c.pointee.made_by)
            categories = readMessages(c.pointee.categories, c.pointee.n_categories)
            dimensions = readMessages(c.pointee.dimensions, c.pointee.n_dimensions)
            nativeScores = readMessages(c.pointee.native_scores, c.pointee.n_native_scores)
            coveredCategories = (0..<c.pointee.n_covered_categories).map { readString(c.pointee.covered_categories[$0]) }
            quality = readMessage(c.pointee.quality)
            warnings = readMessages(c.pointee.warnings, c.pointee.n_warnings)
            voiceQuality = readMessage(c.pointee.voice_quality)
            predictionSet = readMessage(c.pointee.prediction_set)
            baseline = readMessage(c.pointee.baseline)
            attributes = readMessages(c.pointee.attributes, c.pointee.n_attributes)
            members = readMessages(c.pointee.members, c.pointee.n_members)
            shadows = readMessages(c.pointee.shadows, c.pointee.n_shadows)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__estimate__init(c)
            switch subject {
            case .face(let value):
                c.pointee.subject_case = .init(rawValue: 2)
                c.pointee.face = arena.message(value)
            case .voice(let value):
                c.pointee.subject_case = .init(rawValue: 9)
                c.pointee.voice = arena.message(value)
            case nil: break
            }
            if let value = madeBy { c.pointee.made_by = arena.message(value) }
            if !categories.isEmpty {
                c.pointee.n_categories = categories.count
                c.pointee.categories = arena.list(categories) { value, arena in arena.message(value) }
            }
            if !dimensions.isEmpty {
                c.pointee.n_dimensions = dimensions.count
                c.pointee.dimensions = arena.list(dimensions) { value, arena in arena.message(value) }
            }
            if !nativeScores.isEmpty {
                c.pointee.n_native_scores = nativeScores.count
                c.pointee.native_scores = arena.list(nativeScores) { value, arena in arena.message(value) }
            }
            if !coveredCategories.isEmpty {
                c.pointee.n_covered_categories = coveredCategories.count
                c.pointee.covered_categories = arena.list(coveredCategories) { value, arena in arena.string(value) }
            }
            if let value = quality { c.pointee.quality = arena.message(value) }
            if !warnings.isEmpty {
                c.pointee.n_warnings = warnings.count
                c.pointee.warnings = arena.list(warnings) { value, arena in arena.message(value) }
            }
            if let value = voiceQuality { c.pointee.voice_quality = arena.message(value) }
            if let value = predictionSet { c.pointee.prediction_set = arena.message(value) }
            if let value = baseline { c.pointee.baseline = arena.message(value) }
            if !attributes.isEmpty {
                c.pointee.n_attributes = attributes.count
                c.pointee.attributes = arena.list(attributes) { value, arena in arena.message(value) }
            }
            if !members.isEmpty {
                c.pointee.n_members = members.count
                c.pointee.members = arena.list(members) { value, arena in arena.message(value) }
            }
            if !shadows.isEmpty {
                c.pointee.n_shadows = shadows.count
                c.pointee.shadows = arena.list(shadows) { value, arena in arena.message(value) }
            }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct MemberEstimate: ProtoMessage, CMessage {
        package var madeBy: Proto.MadeBy? = nil
        /// As requested.
        package var weight: Float = 0
        package var categories: [Proto.CategoryEstimate] = []
        package var dimensions: [Proto.DimensionEstimate] = []
        package var nativeScores: [Proto.NativeScore] = []
        package var attributes: [Proto.AttributeEstimate] = []
        package var predictionSet: Proto.PredictionSet? = nil
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(madeBy: Proto.MadeBy? = nil, weight: Float = 0, categories: [Proto.CategoryEstimate] = [], dimensions: [Proto.DimensionEstimate] = [], nativeScores: [Proto.NativeScore] = [], attributes: [Proto.AttributeEstimate] = [], predictionSet: Proto.PredictionSet? = nil) {
            self.madeBy = madeBy
            self.weight = weight
            self.categories = categories
            self.dimensions = dimensions
            self.nativeScores = nativeScores
            self.attributes = attributes
            self.predictionSet = predictionSet
        }

        package static let fullName = "mien.v1.MemberEstimate"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__MemberEstimate
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__member_estimate__type() }

        init(c: UnsafePointer<C>) {
            madeBy = readMessage(c.pointee.made_by)
            weight = c.pointee.weight
            categories = readMessages(c.pointee.categories, c.pointee.n_categories)
            dimensions = readMessages(c.pointee.dimensions, c.pointee.n_dimensions)
            nativeScores = readMessages(c.pointee.native_scores, c.pointee.n_native_scores)
            attributes = readMessages(c.pointee.attributes, c.pointee.n_attributes)
            predictionSet = readMessage(c.pointee.prediction_set)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__member_estimate__init(c)
            if let value = madeBy { c.pointee.made_by = arena.message(value) }
            c.pointee.weight = weight
            if !categories.isEmpty {
                c.pointee.n_categories = categories.count
                c.pointee.categories = arena.list(categories) { value, arena in arena.message(value) }
            }
            if !dimensions.isEmpty {
                c.pointee.n_dimensions = dimensions.count
                c.pointee.dimensions = arena.list(dimensions) { value, arena in arena.message(value) }
            }
            if !nativeScores.isEmpty {
                c.pointee.n_native_scores = nativeScores.count
                c.pointee.native_scores = arena.list(nativeScores) { value, arena in arena.message(value) }
            }
            if !attributes.isEmpty {
                c.pointee.n_attributes = attributes.count
                c.pointee.attributes = arena.list(attributes) { value, arena in arena.message(value) }
            }
            if let value = predictionSet { c.pointee.prediction_set = arena.message(value) }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct ShadowEstimate: ProtoMessage, CMessage {
        package var madeBy: Proto.MadeBy? = nil
        /// The shadow's value minus the answer's, for each category (by its intensity: -1..1) and dimension (-2..2) that both speak about.
        package var differences: [Proto.Difference] = []
        /// Set instead if it failed.
        package var failure: Proto.Failure? = nil
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(madeBy: Proto.MadeBy? = nil, differences: [Proto.Difference] = [], failure: Proto.Failure? = nil) {
            self.madeBy = madeBy
            self.differences = differences
            self.failure = failure
        }

        package static let fullName = "mien.v1.ShadowEstimate"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__ShadowEstimate
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__shadow_estimate__type() }

        init(c: UnsafePointer<C>) {
            madeBy = readMessage(c.pointee.made_by)
            differences = readMessages(c.pointee.differences, c.pointee.n_differences)
            failure = readMessage(c.pointee.failure)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__shadow_estimate__init(c)
            if let value = madeBy { c.pointee.made_by = arena.message(value) }
            if !differences.isEmpty {
                c.pointee.n_differences = differences.count
                c.pointee.differences = arena.list(differences) { value, arena in arena.message(value) }
            }
            if let value = failure { c.pointee.failure = arena.message(value) }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct MadeBy: ProtoMessage, CMessage {
        package var estimator: String = ""
        package var version: String = ""
        /// Models used, each "id@version".
        package var models: [String] = []
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(estimator: String = "", version: String = "", models: [String] = []) {
            self.estimator = estimator
            self.version = version
            self.models = models
        }

        package static let fullName = "mien.v1.MadeBy"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__MadeBy
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__made_by__type() }

        init(c: UnsafePointer<C>) {
            estimator = readString(c.pointee.estimator)
            version = readString(c.pointee.version)
            models = (0..<c.pointee.n_models).map { readString(c.pointee.models[$0]) }
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__made_by__init(c)
            if !estimator.isEmpty { c.pointee.estimator = arena.string(estimator) }
            if !version.isEmpty { c.pointee.version = arena.string(version) }
            if !models.isEmpty {
                c.pointee.n_models = models.count
                c.pointee.models = arena.list(models) { value, arena in arena.string(value) }
            }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    /// From `start` to `end`, in seconds from the beginning of the recording or stream: multiples of 1/16000.
    package struct VoiceSegment: ProtoMessage, CMessage {
        package var start: Double = 0
        package var end: Double = 0
        /// Seconds of speech in it.
        package var speech: Double = 0
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(start: Double = 0, end: Double = 0, speech: Double = 0) {
            self.start = start
            self.end = end
            self.speech = speech
        }

        package static let fullName = "mien.v1.VoiceSegment"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__VoiceSegment
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__voice_segment__type() }

        init(c: UnsafePointer<C>) {
            start = c.pointee.start
            end = c.pointee.end
            speech = c.pointee.speech
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__voice_segment__init(c)
            c.pointee.start = start
            c.pointee.end = end
            c.pointee.speech = speech
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct Face: ProtoMessage, CMessage {
        package var box: Proto.Box? = nil
        /// Right eye, left eye, nose tip, right and left corner of the mouth, as the subject has them: the subject's right eye is the one at
        /// the left of the picture. Empty if the whole picture was taken as the face.
        package var landmarks: [Proto.Point] = []
        /// 0..1. 1 if the whole picture was taken as the face.
        package var detectionConfidence: Float = 0
        package var pose: Proto.HeadPose? = nil
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(box: Proto.Box? = nil, landmarks: [Proto.Point] = [], detectionConfidence: Float = 0, pose: Proto.HeadPose? = nil) {
            self.box = box
            self.landmarks = landmarks
            self.detectionConfidence = detectionConfidence
            self.pose = pose
        }

        package static let fullName = "mien.v1.Face"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__Face
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__face__type() }

        init(c: UnsafePointer<C>) {
            box = readMessage(c.pointee.box)
            landmarks = readMessages(c.pointee.landmarks, c.pointee.n_landmarks)
            detectionConfidence = c.pointee.detection_confidence
            pose = readMessage(c.pointee.pose)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__face__init(c)
            if let value = box { c.pointee.box = arena.message(value) }
            if !landmarks.isEmpty {
                c.pointee.n_landmarks = landmarks.count
                c.pointee.landmarks = arena.list(landmarks) { value, arena in arena.message(value) }
            }
            c.pointee.detection_confidence = detectionConfidence
            if let value = pose { c.pointee.pose = arena.message(value) }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    /// In pixels of the displayed picture; fractions are kept, and edges lie inside the picture.
    package struct Box: ProtoMessage, CMessage {
        package var left: Float = 0
        package var top: Float = 0
        package var width: Float = 0
        package var height: Float = 0
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(left: Float = 0, top: Float = 0, width: Float = 0, height: Float = 0) {
            self.left = left
            self.top = top
            self.width = width
            self.height = height
        }

        package static let fullName = "mien.v1.Box"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__Box
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__box__type() }

        init(c: UnsafePointer<C>) {
            left = c.pointee.left
            top = c.pointee.top
            width = c.pointee.width
            height = c.pointee.height
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__box__init(c)
            c.pointee.left = left
            c.pointee.top = top
            c.pointee.width = width
            c.pointee.height = height
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct Point: ProtoMessage, CMessage {
        package var x: Float = 0
        package var y: Float = 0
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(x: Float = 0, y: Float = 0) {
            self.x = x
            self.y = y
        }

        package static let fullName = "mien.v1.Point"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__Point
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__point__type() }

        init(c: UnsafePointer<C>) {
            x = c.pointee.x
            y = c.pointee.y
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__point__init(c)
            c.pointee.x = x
            c.pointee.y = y
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    /// Rough angles in degrees, estimated from five landmarks; 0 is frontal and upright.
    package struct HeadPose: ProtoMessage, CMessage {
        /// Positive: the face is turned towards the right edge of the picture.
        package var yaw: Float = 0
        /// Positive: the face looks up.
        package var pitch: Float = 0
        /// Positive: the head is tilted clockwise in the picture.
        package var roll: Float = 0
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(yaw: Float = 0, pitch: Float = 0, roll: Float = 0) {
            self.yaw = yaw
            self.pitch = pitch
            self.roll = roll
        }

        package static let fullName = "mien.v1.HeadPose"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__HeadPose
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__head_pose__type() }

        init(c: UnsafePointer<C>) {
            yaw = c.pointee.yaw
            pitch = c.pointee.pitch
            roll = c.pointee.roll
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__head_pose__init(c)
            c.pointee.yaw = yaw
            c.pointee.pitch = pitch
            c.pointee.roll = roll
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct CategoryEstimate: ProtoMessage, CMessage {
        /// Canonical EmoNet name: "Astonishment/Surprise".
        package var name: String = ""
        /// 0..1, comparable between estimators.
        package var intensity: Float = 0
        /// The model's score as it gave it, and the scale of that score.
        package var nativeScore: Float = 0
        package var nativeScale: Proto.NativeScale? = nil
        package var calibratedProbability: Float? = nil
        package var aboveNeutral: Float? = nil
        package var raterReliability: Float? = nil
        /// 1: the strongest in this answer. 0 if the estimator abstains.
        package var rank: UInt32 = 0
        /// Raters agree too little (see minimum_reliability in the options): the intensity is 0 and says nothing; the native score is what the model gave.
        package var abstained: Bool = false
        package var disagreement: Float? = nil
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(name: String = "", intensity: Float = 0, nativeScore: Float = 0, nativeScale: Proto.NativeScale? = nil, calibratedProbability: Float? = nil, aboveNeutral: Float? = nil, raterReliability: Float? = nil, rank: UInt32 = 0, abstained: Bool = false, disagreement: Float? = nil) {
            self.name = name
            self.intensity = intensity
            self.nativeScore = nativeScore
            self.nativeScale = nativeScale
            self.calibratedProbability = calibratedProbability
            self.aboveNeutral = aboveNeutral
            self.raterReliability = raterReliability
            self.rank = rank
            self.abstained = abstained
            self.disagreement = disagreement
        }

        package static let fullName = "mien.v1.CategoryEstimate"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__CategoryEstimate
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__category_estimate__type() }

        init(c: UnsafePointer<C>) {
            name = readString(c.pointee.name)
            intensity = c.pointee.intensity
            nativeScore = c.pointee.native_score
            nativeScale = readMessage(c.pointee.native_scale)
            if c.pointee.optional_probability_case.rawValue == 5 { calibratedProbability = c.pointee.calibrated_probability }
            if c.pointee.optional_above_neutral_case.rawValue == 6 { aboveNeutral = c.pointee.above_neutral }
            if c.pointee.optional_rater_reliability_case.rawValue == 7 { raterReliability = c.pointee.rater_reliability }
            rank = c.pointee.rank
            abstained = c.pointee.abstained != 0
            if c.pointee.optional_disagreement_case.rawValue == 10 { disagreement = c.pointee.disagreement }
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__category_estimate__init(c)
            if !name.isEmpty { c.pointee.name = arena.string(name) }
            c.pointee.intensity = intensity
            c.pointee.native_score = nativeScore
            if let value = nativeScale { c.pointee.native_scale = arena.message(value) }
            if let value = calibratedProbability {
                c.pointee.optional_probability_case = .init(rawValue: 5)
                c.pointee.calibrated_probability = value
            }
            if let value = aboveNeutral {
                c.pointee.optional_above_neutral_case = .init(rawValue: 6)
                c.pointee.above_neutral = value
            }
            if let value = raterReliability {
                c.pointee.optional_rater_reliability_case = .init(rawValue: 7)
                c.pointee.rater_reliability = value
            }
            c.pointee.rank = rank
            c.pointee.abstained = abstained ? 1 : 0
            if let value = disagreement {
                c.pointee.optional_disagreement_case = .init(rawValue: 10)
                c.pointee.disagreement = value
            }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct AttributeEstimate: ProtoMessage, CMessage {
        /// Canonical: "Age", "Warm vs. Cold".
        package var name: String = ""
        /// As the model gave it, and its scale.
        package var value: Float = 0
        package var scale: Proto.NativeScale? = nil
        /// What the ends of the scale mean: "cold" and "warm". They need not be in the order in which the name has them.
        package var lowEnd: String = ""
        package var highEnd: String = ""
        package var aboveNeutral: Float? = nil
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(name: String = "", value: Float = 0, scale: Proto.NativeScale? = nil, lowEnd: String = "", highEnd: String = "", aboveNeutral: Float? = nil) {
            self.name = name
            self.value = value
            self.scale = scale
            self.lowEnd = lowEnd
            self.highEnd = highEnd
            self.aboveNeutral = aboveNeutral
        }

        package static let fullName = "mien.v1.AttributeEstimate"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__AttributeEstimate
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__attribute_estimate__type() }

        init(c: UnsafePointer<C>) {
            name = readString(c.pointee.name)
            value = c.pointee.value
            scale = readMessage(c.pointee.scale)
            lowEnd = readString(c.pointee.low_end)
            highEnd = readString(c.pointee.high_end)
            if c.pointee.optional_above_neutral_case.rawValue == 6 { aboveNeutral = c.pointee.above_neutral }
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__attribute_estimate__init(c)
            if !name.isEmpty { c.pointee.name = arena.string(name) }
            c.pointee.value = value
            if let value = scale { c.pointee.scale = arena.message(value) }
            if !lowEnd.isEmpty { c.pointee.low_end = arena.string(lowEnd) }
            if !highEnd.isEmpty { c.pointee.high_end = arena.string(highEnd) }
            if let value = aboveNeutral {
                c.pointee.optional_above_neutral_case = .init(rawValue: 6)
                c.pointee.above_neutral = value
            }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct NativeScale: ProtoMessage, CMessage {
        package var minimum: Float = 0
        package var maximum: Float = 0
        /// "softmax probability", "EmoNet face intensity".
        package var meaning: String = ""
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(minimum: Float = 0, maximum: Float = 0, meaning: String = "") {
            self.minimum = minimum
            self.maximum = maximum
            self.meaning = meaning
        }

        package static let fullName = "mien.v1.NativeScale"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__NativeScale
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__native_scale__type() }

        init(c: UnsafePointer<C>) {
            minimum = c.pointee.minimum
            maximum = c.pointee.maximum
            meaning = readString(c.pointee.meaning)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__native_scale__init(c)
            c.pointee.minimum = minimum
            c.pointee.maximum = maximum
            if !meaning.isEmpty { c.pointee.meaning = arena.string(meaning) }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct DimensionEstimate: ProtoMessage, CMessage {
        /// "valence", "arousal" or "dominance".
        package var name: String = ""
        /// -1..1.
        package var value: Float = 0
        package var disagreement: Float? = nil
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(name: String = "", value: Float = 0, disagreement: Float? = nil) {
            self.name = name
            self.value = value
            self.disagreement = disagreement
        }

        package static let fullName = "mien.v1.DimensionEstimate"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__DimensionEstimate
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__dimension_estimate__type() }

        init(c: UnsafePointer<C>) {
            name = readString(c.pointee.name)
            value = c.pointee.value
            if c.pointee.optional_disagreement_case.rawValue == 3 { disagreement = c.pointee.disagreement }
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__dimension_estimate__init(c)
            if !name.isEmpty { c.pointee.name = arena.string(name) }
            c.pointee.value = value
            if let value = disagreement {
                c.pointee.optional_disagreement_case = .init(rawValue: 3)
                c.pointee.disagreement = value
            }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct NativeScore: ProtoMessage, CMessage {
        package var label: String = ""
        package var score: Float = 0
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(label: String = "", score: Float = 0) {
            self.label = label
            self.score = score
        }

        package static let fullName = "mien.v1.NativeScore"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__NativeScore
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__native_score__type() }

        init(c: UnsafePointer<C>) {
            label = readString(c.pointee.label)
            score = c.pointee.score
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__native_score__init(c)
            if !label.isEmpty { c.pointee.label = arena.string(label) }
            c.pointee.score = score
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    /// How far a picture can carry an estimate. Each field 0..1, 1 is best.
    package struct InputQuality: ProtoMessage, CMessage {
        package var overall: Float = 0
        package var size: Float = 0
        package var sharpness: Float = 0
        package var exposure: Float = 0
        package var pose: Float = 0
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(overall: Float = 0, size: Float = 0, sharpness: Float = 0, exposure: Float = 0, pose: Float = 0) {
            self.overall = overall
            self.size = size
            self.sharpness = sharpness
            self.exposure = exposure
            self.pose = pose
        }

        package static let fullName = "mien.v1.InputQuality"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__InputQuality
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__input_quality__type() }

        init(c: UnsafePointer<C>) {
            overall = c.pointee.overall
            size = c.pointee.size
            sharpness = c.pointee.sharpness
            exposure = c.pointee.exposure
            pose = c.pointee.pose
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__input_quality__init(c)
            c.pointee.overall = overall
            c.pointee.size = size
            c.pointee.sharpness = sharpness
            c.pointee.exposure = exposure
            c.pointee.pose = pose
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    /// How far a recording can carry an estimate. The first four 0..1, 1 is best.
    package struct VoiceQuality: ProtoMessage, CMessage {
        package var overall: Float = 0
        /// Loud enough.
        package var level: Float = 0
        /// Free of clipping.
        package var clipping: Float = 0
        /// Speech stands out from the noise.
        package var noise: Float = 0
        /// Decibels relative to full scale; -150 for digital silence.
        package var rmsDbfs: Float = 0
        package var peakDbfs: Float = 0
        package var snrDb: Float? = nil
        /// Share of samples at the limits of the format, 0..1.
        package var clipped: Float = 0
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(overall: Float = 0, level: Float = 0, clipping: Float = 0, noise: Float = 0, rmsDbfs: Float = 0, peakDbfs: Float = 0, snrDb: Float? = nil, clipped: Float = 0) {
            self.overall = overall
            self.level = level
            self.clipping = clipping
            self.noise = noise
            self.rmsDbfs = rmsDbfs
            self.peakDbfs = peakDbfs
            self.snrDb = snrDb
            self.clipped = clipped
        }

        package static let fullName = "mien.v1.VoiceQuality"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__VoiceQuality
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__voice_quality__type() }

        init(c: UnsafePointer<C>) {
            overall = c.pointee.overall
            level = c.pointee.level
            clipping = c.pointee.clipping
            noise = c.pointee.noise
            rmsDbfs = c.pointee.rms_dbfs
            peakDbfs = c.pointee.peak_dbfs
            if c.pointee.optional_snr_case.rawValue == 7 { snrDb = c.pointee.snr_db }
            clipped = c.pointee.clipped
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__voice_quality__init(c)
            c.pointee.overall = overall
            c.pointee.level = level
            c.pointee.clipping = clipping
            c.pointee.noise = noise
            c.pointee.rms_dbfs = rmsDbfs
            c.pointee.peak_dbfs = peakDbfs
            if let value = snrDb {
                c.pointee.optional_snr_case = .init(rawValue: 7)
                c.pointee.snr_db = value
            }
            c.pointee.clipped = clipped
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    /// Conformal prediction: over people like those it was fitted on, the set holds the label that listeners would choose this often.
    package struct PredictionSet: ProtoMessage, CMessage {
        /// Of the estimator's native labels, the most probable first.
        package var labels: [String] = []
        /// 0..1: 0.9.
        package var coverage: Float = 0
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(labels: [String] = [], coverage: Float = 0) {
            self.labels = labels
            self.coverage = coverage
        }

        package static let fullName = "mien.v1.PredictionSet"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__PredictionSet
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__prediction_set__type() }

        init(c: UnsafePointer<C>) {
            labels = (0..<c.pointee.n_labels).map { readString(c.pointee.labels[$0]) }
            coverage = c.pointee.coverage
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__prediction_set__init(c)
            if !labels.isEmpty {
                c.pointee.n_labels = labels.count
                c.pointee.labels = arena.list(labels) { value, arena in arena.string(value) }
            }
            c.pointee.coverage = coverage
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct Baseline: ProtoMessage, CMessage {
        /// Utterances that it rests on.
        package var utterances: UInt32 = 0
        /// This estimate minus the usual: -1..1 for intensities, -2..2 for dimensions.
        package var differences: [Proto.Difference] = []
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(utterances: UInt32 = 0, differences: [Proto.Difference] = []) {
            self.utterances = utterances
            self.differences = differences
        }

        package static let fullName = "mien.v1.Baseline"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__Baseline
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__baseline__type() }

        init(c: UnsafePointer<C>) {
            utterances = c.pointee.utterances
            differences = readMessages(c.pointee.differences, c.pointee.n_differences)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__baseline__init(c)
            c.pointee.utterances = utterances
            if !differences.isEmpty {
                c.pointee.n_differences = differences.count
                c.pointee.differences = arena.list(differences) { value, arena in arena.message(value) }
            }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct Difference: ProtoMessage, CMessage {
        /// Of a category or dimension.
        package var name: String = ""
        package var value: Float = 0
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(name: String = "", value: Float = 0) {
            self.name = name
            self.value = value
        }

        package static let fullName = "mien.v1.Difference"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__Difference
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__difference__type() }

        init(c: UnsafePointer<C>) {
            name = readString(c.pointee.name)
            value = c.pointee.value
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__difference__init(c)
            if !name.isEmpty { c.pointee.name = arena.string(name) }
            c.pointee.value = value
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct Warning: ProtoMessage, CMessage {
        /// Stable, in UPPER_SNAKE_CASE: "FACE_SMALL", "AUDIO_CLIPPED".
        package var reason: String = ""
        /// For people, in English.
        package var message: String = ""
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(reason: String = "", message: String = "") {
            self.reason = reason
            self.message = message
        }

        package static let fullName = "mien.v1.Warning"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__Warning
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__warning__type() }

        init(c: UnsafePointer<C>) {
            reason = readString(c.pointee.reason)
            message = readString(c.pointee.message)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__warning__init(c)
            if !reason.isEmpty { c.pointee.reason = arena.string(reason) }
            if !message.isEmpty { c.pointee.message = arena.string(message) }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct Failure: ProtoMessage, CMessage {
        package var code: UInt32 = 0
        package var message: String = ""
        /// As in mien.v1.ErrorInfo.
        package var reason: String = ""
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(code: UInt32 = 0, message: String = "", reason: String = "") {
            self.code = code
            self.message = message
            self.reason = reason
        }

        package static let fullName = "mien.v1.Failure"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__Failure
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__failure__type() }

        init(c: UnsafePointer<C>) {
            code = c.pointee.code
            message = readString(c.pointee.message)
            reason = readString(c.pointee.reason)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__failure__init(c)
            c.pointee.code = code
            if !message.isEmpty { c.pointee.message = arena.string(message) }
            if !reason.isEmpty { c.pointee.reason = arena.string(reason) }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }
}
