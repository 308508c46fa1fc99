// Generated from Protos/mien/v1/face.proto by Scripts/generate-protos. Do not edit.
import CMienProtos
import CProtobufC

extension Proto {
    package struct PixelFormat: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        package let rawValue: Int32
        package init(rawValue: Int32) { self.rawValue = rawValue }

        package static let unspecified = Self(rawValue: 0)
        /// 1 byte per pixel.
        package static let gray8 = Self(rawValue: 1)
        /// 3 bytes per pixel: red, green, blue.
        package static let rgb8 = Self(rawValue: 2)

        /// The name in the .proto file; a number that has none there stands for itself.
        package var description: String {
            switch rawValue {
            case 0: "PIXEL_FORMAT_UNSPECIFIED"
            case 1: "PIXEL_FORMAT_GRAY8"
            case 2: "PIXEL_FORMAT_RGB8"
            default: "\(rawValue)"
            }
        }
    }

    package struct EstimateFaceRequest: ProtoMessage, CMessage {
        /// Returned with the answer. The host does not interpret it.
        package var requestId: String = ""
        package var picture: Picture? = nil
        /// Id of an estimator; empty: the host's first for faces, or the first that covers the categories in the options.
        package var estimator: String = ""
        package var options: Proto.FaceOptions? = nil
        package var routing: Proto.Routing? = nil
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package enum Picture: Sendable, Equatable {
            /// A JPEG or PNG file, whole.
            case data([UInt8])
            /// Path of a JPEG or PNG file, absolute, readable by the host.
            case path(String)
            /// Pixels.
            case raw(Proto.RawPicture)
        }

        package init() {}

        package init(requestId: String = "", picture: Picture? = nil, estimator: String = "", options: Proto.FaceOptions? = nil, routing: Proto.Routing? = nil) {
            self.requestId = requestId
            self.picture = picture
            self.estimator = estimator
            self.options = options
            self.routing = routing
        }

        package static let fullName = "mien.v1.EstimateFaceRequest"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__EstimateFaceRequest
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__estimate_face_request__type() }

        init(c: UnsafePointer<C>) {
            switch c.pointee.picture_case.rawValue {
            case 2: picture = .data(readBytes(c.pointee.data))
            case 3: picture = .path(readString(c.pointee.path))
            case 4: picture = readMessage(c.pointee.raw).map { .raw($0) }
            default: break
            }
            requestId = readString(c.pointee.request_id)
            estimator = readString(c.pointee.estimator)
            options = readMessage(c.pointee.options)
            routing = readMessage(c.pointee.routing)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__estimate_face_request__init(c)
            switch picture {
            case .data(let value):
                c.pointee.picture_case = .init(rawValue: 2)
                c.pointee.data = arena.bytes(value)
            case .path(let value):
                c.pointee.picture_case = .init(rawValue: 3)
                c.pointee.path = arena.string(value)
            case .raw(let value):
                c.pointee.picture_case = .init(rawValue: 4)
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

    /// Pixels without a file around them.
    package struct RawPicture: ProtoMessage, CMessage {
        package var width: UInt32 = 0
        package var height: UInt32 = 0
        package var format: Proto.PixelFormat = .init(rawValue: 0)
        /// Rows from top to bottom without padding: width * height * (1 or 3) bytes.
        package var pixels: [UInt8] = []
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(width: UInt32 = 0, height: UInt32 = 0, format: Proto.PixelFormat = .init(rawValue: 0), pixels: [UInt8] = []) {
            self.width = width
            self.height = height
            self.format = format
            self.pixels = pixels
        }

        package static let fullName = "mien.v1.RawPicture"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__RawPicture
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__raw_picture__type() }

        init(c: UnsafePointer<C>) {
            width = c.pointee.width
            height = c.pointee.height
            format = Proto.PixelFormat(rawValue: .init(truncatingIfNeeded: c.pointee.format.rawValue))
            pixels = readBytes(c.pointee.pixels)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__raw_picture__init(c)
            c.pointee.width = width
            c.pointee.height = height
            c.pointee.format = Mien__V1__PixelFormat(rawValue: .init(truncatingIfNeeded: format.rawValue))
            if !pixels.isEmpty { c.pointee.pixels = arena.bytes(pixels) }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct FaceOptions: ProtoMessage, CMessage {
        /// The whole picture is one face: skip detection.
        package var wholePicture: Bool = false
        package var minimumConfidence: Float? = nil
        /// Answer for at most this many faces, the largest first; 0: all.
        package var maxFaces: UInt32 = 0
        /// Answer about these EmoNet categories alone; their spelling is free ("surprise", "jealousy_&_envy"). None: about all that the estimator covers.
        package var categories: [String] = []
        package var minimumReliability: Float? = nil
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(wholePicture: Bool = false, minimumConfidence: Float? = nil, maxFaces: UInt32 = 0, categories: [String] = [], minimumReliability: Float? = nil) {
            self.wholePicture = wholePicture
            self.minimumConfidence = minimumConfidence
            self.maxFaces = maxFaces
            self.categories = categories
            self.minimumReliability = minimumReliability
        }

        package static let fullName = "mien.v1.FaceOptions"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__FaceOptions
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__face_options__type() }

        init(c: UnsafePointer<C>) {
            wholePicture = c.pointee.whole_picture != 0
            if c.pointee.optional_minimum_confidence_case.rawValue == 2 { minimumConfidence = c.pointee.minimum_confidence }
            maxFaces = c.pointee.max_faces
            categories = (0..<c.pointee.n_categories).map { readString(c.pointee.categories[$0]) }
            if c.pointee.optional_minimum_reliability_case.rawValue == 5 { minimumReliability = c.pointee.minimum_reliability }
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__face_options__init(c)
            c.pointee.whole_picture = wholePicture ? 1 : 0
            if let value = minimumConfidence {
                c.pointee.optional_minimum_confidence_case = .init(rawValue: 2)
                c.pointee.minimum_confidence = value
            }
            c.pointee.max_faces = maxFaces
            if !categories.isEmpty {
                c.pointee.n_categories = categories.count
                c.pointee.categories = arena.list(categories) { value, arena in arena.string(value) }
            }
            if let value = minimumReliability {
                c.pointee.optional_minimum_reliability_case = .init(rawValue: 5)
                c.pointee.minimum_reliability = value
            }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct EstimateFaceResponse: ProtoMessage, CMessage {
        package var requestId: String = ""
        package var picture: Proto.PictureInfo? = nil
        /// One estimate per face, the most confident detection first.
        package var estimates: [Proto.Estimate] = []
        /// About the picture as a whole.
        package var warnings: [Proto.Warning] = []
        /// Set instead of the rest, in streams only, when this one request failed.
        package var failure: Proto.Failure? = nil
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(requestId: String = "", picture: Proto.PictureInfo? = nil, estimates: [Proto.Estimate] = [], warnings: [Proto.Warning] = [], failure: Proto.Failure? = nil) {
            self.requestId = requestId
            self.picture = picture
            self.estimates = estimates
            self.warnings = warnings
            self.failure = failure
        }

        package static let fullName = "mien.v1.EstimateFaceResponse"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__EstimateFaceResponse
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__estimate_face_response__type() }

        init(c: UnsafePointer<C>) {
            requestId = readString(c.pointee.request_id)
            picture = readMessage(c.pointee.picture)
            estimates = readMessages(c.pointee.estimates, c.pointee.n_estimates)
            warnings = readMessages(c.pointee.warnings, c.pointee.n_warnings)
            failure = readMessage(c.pointee.failure)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__estimate_face_response__init(c)
            if !requestId.isEmpty { c.pointee.request_id = arena.string(requestId) }
            if let value = picture { c.pointee.picture = arena.message(value) }
            if !estimates.isEmpty {
                c.pointee.n_estimates = estimates.count
                c.pointee.estimates = arena.list(estimates) { value, arena in arena.message(value) }
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

    package struct PictureInfo: ProtoMessage, CMessage {
        /// Size in pixels as displayed, that is after the EXIF orientation has been applied. Boxes refer to it.
        package var width: UInt32 = 0
        package var height: UInt32 = 0
        /// "jpeg", "png" or "raw".
        package var format: String = ""
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(width: UInt32 = 0, height: UInt32 = 0, format: String = "") {
            self.width = width
            self.height = height
            self.format = format
        }

        package static let fullName = "mien.v1.PictureInfo"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__PictureInfo
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__picture_info__type() }

        init(c: UnsafePointer<C>) {
            width = c.pointee.width
            height = c.pointee.height
            format = readString(c.pointee.format)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__picture_info__init(c)
            c.pointee.width = width
            c.pointee.height = height
            if !format.isEmpty { c.pointee.format = arena.string(format) }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }
}
