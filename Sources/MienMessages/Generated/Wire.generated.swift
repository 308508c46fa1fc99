// Generated from Protos/mien/v1/wire.proto by Scripts/generate-protos. Do not edit.
import CMienProtos
import CProtobufC

extension Proto {
    package struct LogLevel: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        package let rawValue: Int32
        package init(rawValue: Int32) { self.rawValue = rawValue }

        package static let unspecified = Self(rawValue: 0)
        package static let trace = Self(rawValue: 1)
        package static let debug = Self(rawValue: 2)
        package static let info = Self(rawValue: 3)
        package static let notice = Self(rawValue: 4)
        package static let warning = Self(rawValue: 5)
        package static let error = Self(rawValue: 6)
        package static let critical = Self(rawValue: 7)

        /// The name in the .proto file; a number that has none there stands for itself.
        package var description: String {
            switch rawValue {
            case 0: "LOG_LEVEL_UNSPECIFIED"
            case 1: "LOG_LEVEL_TRACE"
            case 2: "LOG_LEVEL_DEBUG"
            case 3: "LOG_LEVEL_INFO"
            case 4: "LOG_LEVEL_NOTICE"
            case 5: "LOG_LEVEL_WARNING"
            case 6: "LOG_LEVEL_ERROR"
            case 7: "LOG_LEVEL_CRITICAL"
            default: "\(rawValue)"
            }
        }
    }

    /// One frame. `call` is 0 for frames about the connection (hello, credit for the connection, go_away, ping, pong, log
    /// lines that belong to no call) and otherwise the number of the call. The side that spawned the other opens calls with odd numbers;
    /// even numbers are kept for calls in the other direction. Numbers rise and are never reused.
    package struct Frame: ProtoMessage, CMessage {
        package var call: UInt32 = 0
        package var kind: Kind? = nil
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package enum Kind: Sendable, Equatable {
            case hello(Proto.Hello)
            case `open`(Proto.Open)
            case message(Proto.Message)
            case halfClose(Proto.HalfClose)
            case cancel(Proto.Cancel)
            case status(Proto.Status)
            case credit(Proto.Credit)
            case goAway(Proto.GoAway)
            case ping(Proto.Ping)
            case pong(Proto.Pong)
            case log(Proto.Log)
        }

        package init() {}

        package init(call: UInt32 = 0, kind: Kind? = nil) {
            self.call = call
            self.kind = kind
        }

        package static let fullName = "mien.v1.Frame"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__Frame
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__frame__type() }

        init(c: UnsafePointer<C>) {
            switch c.pointee.kind_case.rawValue {
            case 2: kind = readMessage(c.pointee.hello).map { .hello($0) }
            case 3: kind = readMessage(c.pointee.open).map { .`open`($0) }
            case 4: kind = readMessage(c.pointee.message).map { .message($0) }
            case 5: kind = readMessage(c.pointee.half_close).map { .halfClose($0) }
            case 6: kind = readMessage(c.pointee.cancel).map { .cancel($0) }
            case 7: kind = readMessage(c.pointee.status).map { .status($0) }
            case 8: kind = readMessage(c.pointee.credit).map { .credit($0) }
            case 9: kind = readMessage(c.pointee.go_away).map { .goAway($0) }
            case 10: kind = readMessage(c.pointee.ping).map { .ping($0) }
            case 11: kind = readMessage(c.pointee.pong).map { .pong($0) }
            case 12: kind = readMessage(c.pointee.log).map { .log($0) }
            default: break
            }
            call = c.pointee.call
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__frame__init(c)
            switch kind {
            case .hello(let value):
                c.pointee.kind_case = .init(rawValue: 2)
                c.pointee.hello = arena.message(value)
            case .`open`(let value):
                c.pointee.kind_case = .init(rawValue: 3)
                c.pointee.open = arena.message(value)
            case .message(let value):
                c.pointee.kind_case = .init(rawValue: 4)
                c.pointee.message = arena.message(value)
            case .halfClose(let value):
                c.pointee.kind_case = .init(rawValue: 5)
                c.pointee.half_close = arena.message(value)
            case .cancel(let value):
                c.pointee.kind_case = .init(rawValue: 6)
                c.pointee.cancel = arena.message(value)
            case .status(let value):
                c.pointee.kind_case = .init(rawValue: 7)
                c.pointee.status = arena.message(value)
            case .credit(let value):
                c.pointee.kind_case = .init(rawValue: 8)
                c.pointee.credit = arena.message(value)
            case .goAway(let value):
                c.pointee.kind_case = .init(rawValue: 9)
                c.pointee.go_away = arena.message(value)
            case .ping(let value):
                c.pointee.kind_case = .init(rawValue: 10)
                c.pointee.ping = arena.message(value)
            case .pong(let value):
                c.pointee.kind_case = .init(rawValue: 11)
                c.pointee.pong = arena.message(value)
            case .log(let value):
                c.pointee.kind_case = .init(rawValue: 12)
                c.pointee.log = arena.message(value)
            case nil: break
            }
            c.pointee.call = call
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    /// The first frame in each direction.
    package struct Hello: ProtoMessage, CMessage {
        /// Always "mien". Tells a wrong program apart from a wrong version.
        package var magic: String = ""
        /// Range of protocol majors that the sender speaks; the highest common one is used. This file is major 1.
        package var minMajor: UInt32 = 0
        package var maxMajor: UInt32 = 0
        /// Name and version of the program, for logs and error messages.
        package var peerName: String = ""
        package var peerVersion: String = ""
        package var pid: UInt32 = 0
        /// What the sender is ready to receive.
        package var limits: Proto.Limits? = nil
        /// Optional abilities; unknown names are ignored.
        package var features: [String] = []
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(magic: String = "", minMajor: UInt32 = 0, maxMajor: UInt32 = 0, peerName: String = "", peerVersion: String = "", pid: UInt32 = 0, limits: Proto.Limits? = nil, features: [String] = []) {
            self.magic = magic
            self.minMajor = minMajor
            self.maxMajor = maxMajor
            self.peerName = peerName
            self.peerVersion = peerVersion
            self.pid = pid
            self.limits = limits
            self.features = features
        }

        package static let fullName = "mien.v1.Hello"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__Hello
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__hello__type() }

        init(c: UnsafePointer<C>) {
            magic = readString(c.pointee.magic)
            minMajor = c.pointee.min_major
            maxMajor = c.pointee.max_major
            peerName = readString(c.pointee.peer_name)
            peerVersion = readString(c.pointee.peer_version)
            pid = c.pointee.pid
            limits = readMessage(c.pointee.limits)
            features = (0..<c.pointee.n_features).map { readString(c.pointee.features[$0]) }
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__hello__init(c)
            if !magic.isEmpty { c.pointee.magic = arena.string(magic) }
            c.pointee.min_major = minMajor
            c.pointee.max_major = maxMajor
            if !peerName.isEmpty { c.pointee.peer_name = arena.string(peerName) }
            if !peerVersion.isEmpty { c.pointee.peer_version = arena.string(peerVersion) }
            c.pointee.pid = pid
            if let value = limits { c.pointee.limits = arena.message(value) }
            if !features.isEmpty {
                c.pointee.n_features = features.count
                c.pointee.features = arena.list(features) { value, arena in arena.string(value) }
            }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    /// What one side is ready to receive. A field left at 0 means the default in brackets.
    package struct Limits: ProtoMessage, CMessage {
        /// Largest frame in bytes, length prefix not counted [16 MiB]. Never 128 MiB or more.
        package var maxFrameBytes: UInt32 = 0
        /// Largest message in bytes, after its chunks have been joined [64 MiB].
        package var maxMessageBytes: UInt64 = 0
        /// Calls that may be open at once [1024].
        package var maxOpenCalls: UInt32 = 0
        /// Bytes of message payload that may be sent on a new call before the first credit [1 MiB].
        package var callWindowBytes: UInt64 = 0
        /// Bytes of message payload that may be sent on all calls together before the first credit [16 MiB].
        package var connectionWindowBytes: UInt64 = 0
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(maxFrameBytes: UInt32 = 0, maxMessageBytes: UInt64 = 0, maxOpenCalls: UInt32 = 0, callWindowBytes: UInt64 = 0, connectionWindowBytes: UInt64 = 0) {
            self.maxFrameBytes = maxFrameBytes
            self.maxMessageBytes = maxMessageBytes
            self.maxOpenCalls = maxOpenCalls
            self.callWindowBytes = callWindowBytes
            self.connectionWindowBytes = connectionWindowBytes
        }

        package static let fullName = "mien.v1.Limits"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__Limits
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__limits__type() }

        init(c: UnsafePointer<C>) {
            maxFrameBytes = c.pointee.max_frame_bytes
            maxMessageBytes = c.pointee.max_message_bytes
            maxOpenCalls = c.pointee.max_open_calls
            callWindowBytes = c.pointee.call_window_bytes
            connectionWindowBytes = c.pointee.connection_window_bytes
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__limits__init(c)
            c.pointee.max_frame_bytes = maxFrameBytes
            c.pointee.max_message_bytes = maxMessageBytes
            c.pointee.max_open_calls = maxOpenCalls
            c.pointee.call_window_bytes = callWindowBytes
            c.pointee.connection_window_bytes = connectionWindowBytes
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    /// A name and a value that travel beside the messages of a call. Names are lower case; those that begin with
    /// `mien-` belong to the protocol. At most 8 KiB of metadata per call and direction, names and values counted.
    package struct Metadata: ProtoMessage, CMessage {
        package var name: String = ""
        package var value: String = ""
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(name: String = "", value: String = "") {
            self.name = name
            self.value = value
        }

        package static let fullName = "mien.v1.Metadata"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__Metadata
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__metadata__type() }

        init(c: UnsafePointer<C>) {
            name = readString(c.pointee.name)
            value = readString(c.pointee.value)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__metadata__init(c)
            if !name.isEmpty { c.pointee.name = arena.string(name) }
            if !value.isEmpty { c.pointee.value = arena.string(value) }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    /// Begins a call.
    package struct Open: ProtoMessage, CMessage {
        /// "/package.Service/Method".
        package var method: String = ""
        package var metadata: [Proto.Metadata] = []
        package var timeoutUs: UInt64? = nil
        package var message: [UInt8]? = nil
        /// The message goes on in the next `Message` frame of this call.
        package var continues: Bool = false
        /// The caller sends no further message: with `message` this makes a unary call one frame.
        package var halfClose: Bool = false
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(method: String = "", metadata: [Proto.Metadata] = [], timeoutUs: UInt64? = nil, message: [UInt8]? = nil, continues: Bool = false, halfClose: Bool = false) {
            self.method = method
            self.metadata = metadata
            self.timeoutUs = timeoutUs
            self.message = message
            self.continues = continues
            self.halfClose = halfClose
        }

        package static let fullName = "mien.v1.Open"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__Open
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__open__type() }

        init(c: UnsafePointer<C>) {
            method = readString(c.pointee.method)
            metadata = readMessages(c.pointee.metadata, c.pointee.n_metadata)
            if c.pointee.optional_timeout_case.rawValue == 3 { timeoutUs = c.pointee.timeout_us }
            if c.pointee.optional_message_case.rawValue == 4 { message = readBytes(c.pointee.message) }
            continues = c.pointee.continues != 0
            halfClose = c.pointee.half_close != 0
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__open__init(c)
            if !method.isEmpty { c.pointee.method = arena.string(method) }
            if !metadata.isEmpty {
                c.pointee.n_metadata = metadata.count
                c.pointee.metadata = arena.list(metadata) { value, arena in arena.message(value) }
            }
            if let value = timeoutUs {
                c.pointee.optional_timeout_case = .init(rawValue: 3)
                c.pointee.timeout_us = value
            }
            if let value = message {
                c.pointee.optional_message_case = .init(rawValue: 4)
                c.pointee.message = arena.bytes(value)
            }
            c.pointee.continues = continues ? 1 : 0
            c.pointee.half_close = halfClose ? 1 : 0
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    /// A message of a call, or one chunk of it. Payloads over 64 KiB are cut into chunks, so that calls take turns.
    package struct Message: ProtoMessage, CMessage {
        package var data: [UInt8] = []
        /// The message goes on in the next `Message` frame of this call.
        package var continues: Bool = false
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(data: [UInt8] = [], continues: Bool = false) {
            self.data = data
            self.continues = continues
        }

        package static let fullName = "mien.v1.Message"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__Message
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__message__type() }

        init(c: UnsafePointer<C>) {
            data = readBytes(c.pointee.data)
            continues = c.pointee.continues != 0
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__message__init(c)
            if !data.isEmpty { c.pointee.data = arena.bytes(data) }
            c.pointee.continues = continues ? 1 : 0
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    /// The caller sends no further message.
    package struct HalfClose: ProtoMessage, CMessage {
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package static let fullName = "mien.v1.HalfClose"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__HalfClose
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__half_close__type() }

        init(c: UnsafePointer<C>) {
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__half_close__init(c)
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    /// The caller has lost interest. A `Status` (normally CANCELLED) still follows.
    package struct Cancel: ProtoMessage, CMessage {
        package var reason: String = ""
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(reason: String = "") {
            self.reason = reason
        }

        package static let fullName = "mien.v1.Cancel"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__Cancel
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__cancel__type() }

        init(c: UnsafePointer<C>) {
            reason = readString(c.pointee.reason)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__cancel__init(c)
            if !reason.isEmpty { c.pointee.reason = arena.string(reason) }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    /// Ends a call: exactly one per call, sent by the side that answers.
    package struct Status: ProtoMessage, CMessage {
        /// One of gRPC's 17 codes; 0 is OK.
        package var code: UInt32 = 0
        /// For people, in English.
        package var message: String = ""
        /// For programs.
        package var details: [Proto.StatusDetail] = []
        package var metadata: [Proto.Metadata] = []
        package var answer: [UInt8]? = nil
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(code: UInt32 = 0, message: String = "", details: [Proto.StatusDetail] = [], metadata: [Proto.Metadata] = [], answer: [UInt8]? = nil) {
            self.code = code
            self.message = message
            self.details = details
            self.metadata = metadata
            self.answer = answer
        }

        package static let fullName = "mien.v1.Status"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__Status
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__status__type() }

        init(c: UnsafePointer<C>) {
            code = c.pointee.code
            message = readString(c.pointee.message)
            details = readMessages(c.pointee.details, c.pointee.n_details)
            metadata = readMessages(c.pointee.metadata, c.pointee.n_metadata)
            if c.pointee.optional_answer_case.rawValue == 5 { answer = readBytes(c.pointee.answer) }
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__status__init(c)
            c.pointee.code = code
            if !message.isEmpty { c.pointee.message = arena.string(message) }
            if !details.isEmpty {
                c.pointee.n_details = details.count
                c.pointee.details = arena.list(details) { value, arena in arena.message(value) }
            }
            if !metadata.isEmpty {
                c.pointee.n_metadata = metadata.count
                c.pointee.metadata = arena.list(metadata) { value, arena in arena.message(value) }
            }
            if let value = answer {
                c.pointee.optional_answer_case = .init(rawValue: 5)
                c.pointee.answer = arena.bytes(value)
            }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    /// A typed detail of a status.
    package struct StatusDetail: ProtoMessage, CMessage {
        /// Full name of the message in `value`, such as "mien.v1.ErrorInfo".
        package var type: String = ""
        package var value: [UInt8] = []
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(type: String = "", value: [UInt8] = []) {
            self.type = type
            self.value = value
        }

        package static let fullName = "mien.v1.StatusDetail"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__StatusDetail
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__status_detail__type() }

        init(c: UnsafePointer<C>) {
            type = readString(c.pointee.type)
            value = readBytes(c.pointee.value)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__status_detail__init(c)
            if !type.isEmpty { c.pointee.type = arena.string(type) }
            if !value.isEmpty { c.pointee.value = arena.bytes(value) }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    /// Detail: what went wrong, for programs.
    package struct ErrorInfo: ProtoMessage, CMessage {
        /// Stable, in UPPER_SNAKE_CASE: "PICTURE_TRUNCATED".
        package var reason: String = ""
        /// Field of the request, in dotted form, if one is to blame.
        package var field: String = ""
        package var facts: [Proto.Metadata] = []
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(reason: String = "", field: String = "", facts: [Proto.Metadata] = []) {
            self.reason = reason
            self.field = field
            self.facts = facts
        }

        package static let fullName = "mien.v1.ErrorInfo"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__ErrorInfo
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__error_info__type() }

        init(c: UnsafePointer<C>) {
            reason = readString(c.pointee.reason)
            field = readString(c.pointee.field)
            facts = readMessages(c.pointee.facts, c.pointee.n_facts)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__error_info__init(c)
            if !reason.isEmpty { c.pointee.reason = arena.string(reason) }
            if !field.isEmpty { c.pointee.field = arena.string(field) }
            if !facts.isEmpty {
                c.pointee.n_facts = facts.count
                c.pointee.facts = arena.list(facts) { value, arena in arena.message(value) }
            }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    /// Allows the other side to send `bytes` more of message payload, on the call named by the frame or, if that is 0,
    /// on the connection.
    package struct Credit: ProtoMessage, CMessage {
        package var bytes: UInt64 = 0
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(bytes: UInt64 = 0) {
            self.bytes = bytes
        }

        package static let fullName = "mien.v1.Credit"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__Credit
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__credit__type() }

        init(c: UnsafePointer<C>) {
            bytes = c.pointee.bytes
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__credit__init(c)
            c.pointee.bytes = bytes
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    /// The sender accepts no further calls. Calls with numbers up to `last_call` will be answered; later ones were not
    /// touched and can be repeated elsewhere.
    package struct GoAway: ProtoMessage, CMessage {
        package var lastCall: UInt32 = 0
        package var reason: String = ""
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(lastCall: UInt32 = 0, reason: String = "") {
            self.lastCall = lastCall
            self.reason = reason
        }

        package static let fullName = "mien.v1.GoAway"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__GoAway
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__go_away__type() }

        init(c: UnsafePointer<C>) {
            lastCall = c.pointee.last_call
            reason = readString(c.pointee.reason)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__go_away__init(c)
            c.pointee.last_call = lastCall
            if !reason.isEmpty { c.pointee.reason = arena.string(reason) }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    /// Answered at once by the reader with a `Pong` of the same token, whatever the workers are doing.
    package struct Ping: ProtoMessage, CMessage {
        package var token: UInt64 = 0
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(token: UInt64 = 0) {
            self.token = token
        }

        package static let fullName = "mien.v1.Ping"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__Ping
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__ping__type() }

        init(c: UnsafePointer<C>) {
            token = c.pointee.token
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__ping__init(c)
            c.pointee.token = token
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct Pong: ProtoMessage, CMessage {
        package var token: UInt64 = 0
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(token: UInt64 = 0) {
            self.token = token
        }

        package static let fullName = "mien.v1.Pong"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__Pong
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__pong__type() }

        init(c: UnsafePointer<C>) {
            token = c.pointee.token
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__pong__init(c)
            c.pointee.token = token
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    /// A log line. In a frame with a call number it is about that call.
    package struct Log: ProtoMessage, CMessage {
        package var level: Proto.LogLevel = .init(rawValue: 0)
        /// Which part speaks: "host", "estimator/face-expression", "plugin/NAME".
        package var source: String = ""
        package var message: String = ""
        /// Lines lost to the rate limit since the previous one.
        package var dropped: UInt64 = 0
        /// Microseconds since 1970-01-01 UTC.
        package var timeUs: UInt64 = 0
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(level: Proto.LogLevel = .init(rawValue: 0), source: String = "", message: String = "", dropped: UInt64 = 0, timeUs: UInt64 = 0) {
            self.level = level
            self.source = source
            self.message = message
            self.dropped = dropped
            self.timeUs = timeUs
        }

        package static let fullName = "mien.v1.Log"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__Log
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__log__type() }

        init(c: UnsafePointer<C>) {
            level = Proto.LogLevel(rawValue: .init(truncatingIfNeeded: c.pointee.level.rawValue))
            source = readString(c.pointee.source)
            message = readString(c.pointee.message)
            dropped = c.pointee.dropped
            timeUs = c.pointee.time_us
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__log__init(c)
            c.pointee.level = Mien__V1__LogLevel(rawValue: .init(truncatingIfNeeded: level.rawValue))
            if !source.isEmpty { c.pointee.source = arena.string(source) }
            if !message.isEmpty { c.pointee.message = arena.string(message) }
            c.pointee.dropped = dropped
            c.pointee.time_us = timeUs
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }
}
