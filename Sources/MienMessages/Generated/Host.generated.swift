// Generated from Protos/mien/v1/host.proto by Scripts/generate-protos. Do not edit.
import CMienProtos
import CProtobufC

extension Proto {
    package struct Modality: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        package let rawValue: Int32
        package init(rawValue: Int32) { self.rawValue = rawValue }

        package static let unspecified = Self(rawValue: 0)
        package static let face = Self(rawValue: 1)
        package static let voice = Self(rawValue: 2)
        package static let text = Self(rawValue: 3)

        /// The name in the .proto file; a number that has none there stands for itself.
        package var description: String {
            switch rawValue {
            case 0: "MODALITY_UNSPECIFIED"
            case 1: "MODALITY_FACE"
            case 2: "MODALITY_VOICE"
            case 3: "MODALITY_TEXT"
            default: "\(rawValue)"
            }
        }
    }

    package struct EstimatorState: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        package let rawValue: Int32
        package init(rawValue: Int32) { self.rawValue = rawValue }

        package static let unspecified = Self(rawValue: 0)
        /// Known, and loads at first use.
        package static let idle = Self(rawValue: 1)
        package static let loading = Self(rawValue: 2)
        package static let ready = Self(rawValue: 3)
        /// Cannot answer; `state_detail` tells why.
        package static let unavailable = Self(rawValue: 4)

        /// The name in the .proto file; a number that has none there stands for itself.
        package var description: String {
            switch rawValue {
            case 0: "ESTIMATOR_STATE_UNSPECIFIED"
            case 1: "ESTIMATOR_STATE_IDLE"
            case 2: "ESTIMATOR_STATE_LOADING"
            case 3: "ESTIMATOR_STATE_READY"
            case 4: "ESTIMATOR_STATE_UNAVAILABLE"
            default: "\(rawValue)"
            }
        }
    }

    package struct GetInfoRequest: ProtoMessage, CMessage {
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package static let fullName = "mien.v1.GetInfoRequest"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__GetInfoRequest
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__get_info_request__type() }

        init(c: UnsafePointer<C>) {
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__get_info_request__init(c)
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct GetInfoResponse: ProtoMessage, CMessage {
        package var version: String = ""
        package var protocolMajor: UInt32 = 0
        package var pid: UInt32 = 0
        /// Microseconds since the process began.
        package var uptimeUs: UInt64 = 0
        package var processor: Proto.Processor? = nil
        package var limits: Proto.Limits? = nil
        package var residentBytes: UInt64 = 0
        package var openCalls: UInt32 = 0
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(version: String = "", protocolMajor: UInt32 = 0, pid: UInt32 = 0, uptimeUs: UInt64 = 0, processor: Proto.Processor? = nil, limits: Proto.Limits? = nil, residentBytes: UInt64 = 0, openCalls: UInt32 = 0) {
            self.version = version
            self.protocolMajor = protocolMajor
            self.pid = pid
            self.uptimeUs = uptimeUs
            self.processor = processor
            self.limits = limits
            self.residentBytes = residentBytes
            self.openCalls = openCalls
        }

        package static let fullName = "mien.v1.GetInfoResponse"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__GetInfoResponse
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__get_info_response__type() }

        init(c: UnsafePointer<C>) {
            version = readString(c.pointee.version)
            protocolMajor = c.pointee.protocol_major
            pid = c.pointee.pid
            uptimeUs = c.pointee.uptime_us
            processor = readMessage(c.pointee.processor)
            limits = readMessage(c.pointee.limits)
            residentBytes = c.pointee.resident_bytes
            openCalls = c.pointee.open_calls
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__get_info_response__init(c)
            if !version.isEmpty { c.pointee.version = arena.string(version) }
            c.pointee.protocol_major = protocolMajor
            c.pointee.pid = pid
            c.pointee.uptime_us = uptimeUs
            if let value = processor { c.pointee.processor = arena.message(value) }
            if let value = limits { c.pointee.limits = arena.message(value) }
            c.pointee.resident_bytes = residentBytes
            c.pointee.open_calls = openCalls
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct Processor: ProtoMessage, CMessage {
        package var architecture: String = ""
        package var modelName: String = ""
        /// Instruction sets found that the kernels can use.
        package var features: [String] = []
        /// Kernel table in use: "scalar", "avx2", "avx512", "amx", "neon".
        package var kernels: String = ""
        package var threads: UInt32 = 0
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(architecture: String = "", modelName: String = "", features: [String] = [], kernels: String = "", threads: UInt32 = 0) {
            self.architecture = architecture
            self.modelName = modelName
            self.features = features
            self.kernels = kernels
            self.threads = threads
        }

        package static let fullName = "mien.v1.Processor"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__Processor
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__processor__type() }

        init(c: UnsafePointer<C>) {
            architecture = readString(c.pointee.architecture)
            modelName = readString(c.pointee.model_name)
            features = (0..<c.pointee.n_features).map { readString(c.pointee.features[$0]) }
            kernels = readString(c.pointee.kernels)
            threads = c.pointee.threads
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__processor__init(c)
            if !architecture.isEmpty { c.pointee.architecture = arena.string(architecture) }
            if !modelName.isEmpty { c.pointee.model_name = arena.string(modelName) }
            if !features.isEmpty {
                c.pointee.n_features = features.count
                c.pointee.features = arena.list(features) { value, arena in arena.string(value) }
            }
            if !kernels.isEmpty { c.pointee.kernels = arena.string(kernels) }
            c.pointee.threads = threads
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct ListEstimatorsRequest: ProtoMessage, CMessage {
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package static let fullName = "mien.v1.ListEstimatorsRequest"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__ListEstimatorsRequest
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__list_estimators_request__type() }

        init(c: UnsafePointer<C>) {
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__list_estimators_request__init(c)
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct ListEstimatorsResponse: ProtoMessage, CMessage {
        package var estimators: [Proto.EstimatorInfo] = []
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(estimators: [Proto.EstimatorInfo] = []) {
            self.estimators = estimators
        }

        package static let fullName = "mien.v1.ListEstimatorsResponse"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__ListEstimatorsResponse
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__list_estimators_response__type() }

        init(c: UnsafePointer<C>) {
            estimators = readMessages(c.pointee.estimators, c.pointee.n_estimators)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__list_estimators_response__init(c)
            if !estimators.isEmpty {
                c.pointee.n_estimators = estimators.count
                c.pointee.estimators = arena.list(estimators) { value, arena in arena.message(value) }
            }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct EstimatorInfo: ProtoMessage, CMessage {
        /// As requests name it: "face-expression".
        package var id: String = ""
        package var version: String = ""
        package var summary: String = ""
        package var modality: Proto.Modality = .init(rawValue: 0)
        /// Canonical EmoNet names of the categories that the estimator covers.
        package var categories: [String] = []
        package var dimensions: [String] = []
        /// The classes of the underlying model, in its own words.
        package var nativeLabels: [String] = []
        package var state: Proto.EstimatorState = .init(rawValue: 0)
        /// What stands in the way, when the state is not READY: "model centerface is missing; run: mien models pull centerface".
        package var stateDetail: String = ""
        package var models: [Proto.ModelInfo] = []
        /// Canonical names of the attributes that the estimator can speak about.
        package var attributes: [String] = []
        package var minimumReliability: Float? = nil
        /// Whether it has a use for native scores of the speaker's neutral voice.
        package var usesNeutral: Bool = false
        package var costMs: Float? = nil
        package var skill: Float? = nil
        /// It sends what it sees or hears to other machines.
        package var online: Bool = false
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(id: String = "", version: String = "", summary: String = "", modality: Proto.Modality = .init(rawValue: 0), categories: [String] = [], dimensions: [String] = [], nativeLabels: [String] = [], state: Proto.EstimatorState = .init(rawValue: 0), stateDetail: String = "", models: [Proto.ModelInfo] = [], attributes: [String] = [], minimumReliability: Float? = nil, usesNeutral: Bool = false, costMs: Float? = nil, skill: Float? = nil, online: Bool = false) {
            self.id = id
            self.version = version
            self.summary = summary
            self.modality = modality
            self.categories = categories
            self.dimensions = dimensions
            self.nativeLabels = nativeLabels
            self.state = state
            self.stateDetail = stateDetail
            self.models = models
            self.attributes = attributes
            self.minimumReliability = minimumReliability
            self.usesNeutral = usesNeutral
            self.costMs = costMs
            self.skill = skill
            self.online = online
        }

        package static let fullName = "mien.v1.EstimatorInfo"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__EstimatorInfo
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__estimator_info__type() }

        init(c: UnsafePointer<C>) {
            id = readString(c.pointee.id)
            version = readString(c.pointee.version)
            summary = readString(c.pointee.summary)
            modality = Proto.Modality(rawValue: .init(truncatingIfNeeded: c.pointee.modality.rawValue))
            categories = (0..<c.pointee.n_categories).map { readString(c.pointee.categories[$0]) }
            dimensions = (0..<c.pointee.n_dimensions).map { readString(c.pointee.dimensions[$0]) }
            nativeLabels = (0..<c.pointee.n_native_labels).map { readString(c.pointee.native_labels[$0]) }
            state = Proto.EstimatorState(rawValue: .init(truncatingIfNeeded: c.pointee.state.rawValue))
            stateDetail = readString(c.pointee.state_detail)
            models = readMessages(c.pointee.models, c.pointee.n_models)
            attributes = (0..<c.pointee.n_attributes).map { readString(c.pointee.attributes[$0]) }
            if c.pointee.optional_minimum_reliability_case.rawValue == 12 { minimumReliability = c.pointee.minimum_reliability }
            usesNeutral = c.pointee.uses_neutral != 0
            if c.pointee.optional_cost_case.rawValue == 14 { costMs = c.pointee.cost_ms }
            if c.pointee.optional_skill_case.rawValue == 15 { skill = c.pointee.skill }
            online = c.pointee.online != 0
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__estimator_info__init(c)
            if !id.isEmpty { c.pointee.id = arena.string(id) }
            if !version.isEmpty { c.pointee.version = arena.string(version) }
            if !summary.isEmpty { c.pointee.summary = arena.string(summary) }
            c.pointee.modality = Mien__V1__Modality(rawValue: .init(truncatingIfNeeded: modality.rawValue))
            if !categories.isEmpty {
                c.pointee.n_categories = categories.count
                c.pointee.categories = arena.list(categories) { value, arena in arena.string(value) }
            }
            if !dimensions.isEmpty {
                c.pointee.n_dimensions = dimensions.count
                c.pointee.dimensions = arena.list(dimensions) { value, arena in arena.string(value) }
            }
            if !nativeLabels.isEmpty {
                c.pointee.n_native_labels = nativeLabels.count
                c.pointee.native_labels = arena.list(nativeLabels) { value, arena in arena.string(value) }
            }
            c.pointee.state = Mien__V1__EstimatorState(rawValue: .init(truncatingIfNeeded: state.rawValue))
            if !stateDetail.isEmpty { c.pointee.state_detail = arena.string(stateDetail) }
            if !models.isEmpty {
                c.pointee.n_models = models.count
                c.pointee.models = arena.list(models) { value, arena in arena.message(value) }
            }
            if !attributes.isEmpty {
                c.pointee.n_attributes = attributes.count
                c.pointee.attributes = arena.list(attributes) { value, arena in arena.string(value) }
            }
            if let value = minimumReliability {
                c.pointee.optional_minimum_reliability_case = .init(rawValue: 12)
                c.pointee.minimum_reliability = value
            }
            c.pointee.uses_neutral = usesNeutral ? 1 : 0
            if let value = costMs {
                c.pointee.optional_cost_case = .init(rawValue: 14)
                c.pointee.cost_ms = value
            }
            if let value = skill {
                c.pointee.optional_skill_case = .init(rawValue: 15)
                c.pointee.skill = value
            }
            c.pointee.online = online ? 1 : 0
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct ModelInfo: ProtoMessage, CMessage {
        package var id: String = ""
        package var version: String = ""
        package var license: String = ""
        package var attribution: String = ""
        package var installed: Bool = false
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(id: String = "", version: String = "", license: String = "", attribution: String = "", installed: Bool = false) {
            self.id = id
            self.version = version
            self.license = license
            self.attribution = attribution
            self.installed = installed
        }

        package static let fullName = "mien.v1.ModelInfo"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__ModelInfo
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__model_info__type() }

        init(c: UnsafePointer<C>) {
            id = readString(c.pointee.id)
            version = readString(c.pointee.version)
            license = readString(c.pointee.license)
            attribution = readString(c.pointee.attribution)
            installed = c.pointee.installed != 0
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__model_info__init(c)
            if !id.isEmpty { c.pointee.id = arena.string(id) }
            if !version.isEmpty { c.pointee.version = arena.string(version) }
            if !license.isEmpty { c.pointee.license = arena.string(license) }
            if !attribution.isEmpty { c.pointee.attribution = arena.string(attribution) }
            c.pointee.installed = installed ? 1 : 0
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct GetDescriptorsRequest: ProtoMessage, CMessage {
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package static let fullName = "mien.v1.GetDescriptorsRequest"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__GetDescriptorsRequest
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__get_descriptors_request__type() }

        init(c: UnsafePointer<C>) {
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__get_descriptors_request__init(c)
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct GetDescriptorsResponse: ProtoMessage, CMessage {
        package var fileDescriptorSet: [UInt8] = []
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(fileDescriptorSet: [UInt8] = []) {
            self.fileDescriptorSet = fileDescriptorSet
        }

        package static let fullName = "mien.v1.GetDescriptorsResponse"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__GetDescriptorsResponse
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__get_descriptors_response__type() }

        init(c: UnsafePointer<C>) {
            fileDescriptorSet = readBytes(c.pointee.file_descriptor_set)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__get_descriptors_response__init(c)
            if !fileDescriptorSet.isEmpty { c.pointee.file_descriptor_set = arena.bytes(fileDescriptorSet) }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct WatchLogsRequest: ProtoMessage, CMessage {
        package var minimumLevel: Proto.LogLevel = .init(rawValue: 0)
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(minimumLevel: Proto.LogLevel = .init(rawValue: 0)) {
            self.minimumLevel = minimumLevel
        }

        package static let fullName = "mien.v1.WatchLogsRequest"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__WatchLogsRequest
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__watch_logs_request__type() }

        init(c: UnsafePointer<C>) {
            minimumLevel = Proto.LogLevel(rawValue: .init(truncatingIfNeeded: c.pointee.minimum_level.rawValue))
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__watch_logs_request__init(c)
            c.pointee.minimum_level = Mien__V1__LogLevel(rawValue: .init(truncatingIfNeeded: minimumLevel.rawValue))
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct DrainRequest: ProtoMessage, CMessage {
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package static let fullName = "mien.v1.DrainRequest"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__DrainRequest
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__drain_request__type() }

        init(c: UnsafePointer<C>) {
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__drain_request__init(c)
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct DrainResponse: ProtoMessage, CMessage {
        package var openCalls: UInt32 = 0
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(openCalls: UInt32 = 0) {
            self.openCalls = openCalls
        }

        package static let fullName = "mien.v1.DrainResponse"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__DrainResponse
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__drain_response__type() }

        init(c: UnsafePointer<C>) {
            openCalls = c.pointee.open_calls
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__drain_response__init(c)
            c.pointee.open_calls = openCalls
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct EchoRequest: ProtoMessage, CMessage {
        package var payload: [UInt8] = []
        /// Wait this long before answering.
        package var delayMs: UInt32 = 0
        /// End the call with this status instead of an answer.
        package var statusCode: UInt32 = 0
        package var statusMessage: String = ""
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(payload: [UInt8] = [], delayMs: UInt32 = 0, statusCode: UInt32 = 0, statusMessage: String = "") {
            self.payload = payload
            self.delayMs = delayMs
            self.statusCode = statusCode
            self.statusMessage = statusMessage
        }

        package static let fullName = "mien.v1.EchoRequest"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__EchoRequest
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__echo_request__type() }

        init(c: UnsafePointer<C>) {
            payload = readBytes(c.pointee.payload)
            delayMs = c.pointee.delay_ms
            statusCode = c.pointee.status_code
            statusMessage = readString(c.pointee.status_message)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__echo_request__init(c)
            if !payload.isEmpty { c.pointee.payload = arena.bytes(payload) }
            c.pointee.delay_ms = delayMs
            c.pointee.status_code = statusCode
            if !statusMessage.isEmpty { c.pointee.status_message = arena.string(statusMessage) }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct EchoResponse: ProtoMessage, CMessage {
        package var payload: [UInt8] = []
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(payload: [UInt8] = []) {
            self.payload = payload
        }

        package static let fullName = "mien.v1.EchoResponse"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__EchoResponse
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__echo_response__type() }

        init(c: UnsafePointer<C>) {
            payload = readBytes(c.pointee.payload)
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__echo_response__init(c)
            if !payload.isEmpty { c.pointee.payload = arena.bytes(payload) }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct CollectResponse: ProtoMessage, CMessage {
        package var messages: UInt64 = 0
        package var bytes: UInt64 = 0
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(messages: UInt64 = 0, bytes: UInt64 = 0) {
            self.messages = messages
            self.bytes = bytes
        }

        package static let fullName = "mien.v1.CollectResponse"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__CollectResponse
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__collect_response__type() }

        init(c: UnsafePointer<C>) {
            messages = c.pointee.messages
            bytes = c.pointee.bytes
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__collect_response__init(c)
            c.pointee.messages = messages
            c.pointee.bytes = bytes
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct ExpandRequest: ProtoMessage, CMessage {
        package var count: UInt32 = 0
        package var bytes: UInt32 = 0
        package var intervalMs: UInt32 = 0
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(count: UInt32 = 0, bytes: UInt32 = 0, intervalMs: UInt32 = 0) {
            self.count = count
            self.bytes = bytes
            self.intervalMs = intervalMs
        }

        package static let fullName = "mien.v1.ExpandRequest"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__ExpandRequest
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__expand_request__type() }

        init(c: UnsafePointer<C>) {
            count = c.pointee.count
            bytes = c.pointee.bytes
            intervalMs = c.pointee.interval_ms
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__expand_request__init(c)
            c.pointee.count = count
            c.pointee.bytes = bytes
            c.pointee.interval_ms = intervalMs
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }
}
