// Generated from Protos/grpc/health/v1/health.proto by Scripts/generate-protos. Do not edit.
import CMienProtos
import CProtobufC

extension Proto {
    package struct HealthCheckRequest: ProtoMessage, CMessage {
        /// Empty, a service name such as "mien.v1.Estimation", or "estimator/ID".
        package var service: String = ""
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(service: String = "") {
            self.service = service
        }

        package static let fullName = "grpc.health.v1.HealthCheckRequest"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Grpc__Health__V1__HealthCheckRequest
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { grpc__health__v1__health_check_request__type() }

        init(c: UnsafePointer<C>) {
            service = readString(c.pointee.service)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            grpc__health__v1__health_check_request__init(c)
            if !service.isEmpty { c.pointee.service = arena.string(service) }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct HealthCheckResponse: ProtoMessage, CMessage {
        package var status: Proto.HealthCheckResponse.ServingStatus = .init(rawValue: 0)
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package struct ServingStatus: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
            package let rawValue: Int32
            package init(rawValue: Int32) { self.rawValue = rawValue }

            package static let unknown = Self(rawValue: 0)
            package static let serving = Self(rawValue: 1)
            package static let notServing = Self(rawValue: 2)
            /// Used by Watch only.
            package static let serviceUnknown = Self(rawValue: 3)

            /// The name in the .proto file; a number that has none there stands for itself.
            package var description: String {
                switch rawValue {
                case 0: "UNKNOWN"
                case 1: "SERVING"
                case 2: "NOT_SERVING"
                case 3: "SERVICE_UNKNOWN"
                default: "\(rawValue)"
                }
            }
        }

        package init() {}

        package init(status: Proto.HealthCheckResponse.ServingStatus = .init(rawValue: 0)) {
            self.status = status
        }

        package static let fullName = "grpc.health.v1.HealthCheckResponse"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Grpc__Health__V1__HealthCheckResponse
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { grpc__health__v1__health_check_response__type() }

        init(c: UnsafePointer<C>) {
            status = Proto.HealthCheckResponse.ServingStatus(rawValue: .init(truncatingIfNeeded: c.pointee.status.rawValue))
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            grpc__health__v1__health_check_response__init(c)
            c.pointee.status = Grpc__Health__V1__HealthCheckResponse__ServingStatus(rawValue: .init(truncatingIfNeeded: status.rawValue))
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct HealthListRequest: ProtoMessage, CMessage {
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package static let fullName = "grpc.health.v1.HealthListRequest"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Grpc__Health__V1__HealthListRequest
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { grpc__health__v1__health_list_request__type() }

        init(c: UnsafePointer<C>) {
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            grpc__health__v1__health_list_request__init(c)
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct HealthListResponse: ProtoMessage, CMessage {
        package var statuses: [String: Proto.HealthCheckResponse] = [:]
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(statuses: [String: Proto.HealthCheckResponse] = [:]) {
            self.statuses = statuses
        }

        package static let fullName = "grpc.health.v1.HealthListResponse"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Grpc__Health__V1__HealthListResponse
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { grpc__health__v1__health_list_response__type() }

        init(c: UnsafePointer<C>) {
            for index in 0..<c.pointee.n_statuses {
                guard let entry = c.pointee.statuses[index] else { continue }
                statuses[readString(entry.pointee.key)] = readMessage(entry.pointee.value) ?? .init()
            }
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            grpc__health__v1__health_list_response__init(c)
            if !statuses.isEmpty {
                c.pointee.n_statuses = statuses.count
                c.pointee.statuses = arena.list(statuses.sorted { $0.key < $1.key }) { pair, arena in
                    let entry = arena.structure(Grpc__Health__V1__HealthListResponse__StatusesEntry.self)
                    grpc__health__v1__health_list_response__statuses_entry__init(entry)
                    entry.pointee.key = arena.string(pair.key)
                    entry.pointee.value = arena.message(pair.value)
                    return entry
                }
            }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }
}
