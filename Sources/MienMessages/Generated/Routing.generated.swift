// Generated from Protos/mien/v1/routing.proto by Scripts/generate-protos. Do not edit.
import CMienProtos
import CProtobufC

extension Proto {
    package struct Policy: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        package let rawValue: Int32
        package init(rawValue: Int32) { self.rawValue = rawValue }

        /// The host's order, in which `ListEstimators` shows them.
        package static let unspecified = Self(rawValue: 0)
        /// The lowest `cost_ms` first; those without behind the others, as below.
        package static let fast = Self(rawValue: 1)
        /// The highest `skill` first.
        package static let accurate = Self(rawValue: 2)
        /// As unspecified, but none that is `online`.
        package static let offline = Self(rawValue: 3)

        /// The name in the .proto file; a number that has none there stands for itself.
        package var description: String {
            switch rawValue {
            case 0: "POLICY_UNSPECIFIED"
            case 1: "POLICY_FAST"
            case 2: "POLICY_ACCURATE"
            case 3: "POLICY_OFFLINE"
            default: "\(rawValue)"
            }
        }
    }

    /// Every id is that of an estimator of the request's kind.
    package struct Routing: ProtoMessage, CMessage {
        /// Chooses among the estimators that cover the categories asked for, where the request names none.
        package var policy: Proto.Policy = .init(rawValue: 0)
        /// Asked in this order if the one before cannot answer for a cause of its own: its model is missing, its process ended, it took too long. Never for a fault of the request. At
        /// most 8.
        package var fallbacks: [String] = []
        /// Several estimators together, instead of the one that the request names: 2 to 8. The answer is their weighted mean, with how far they disagree. If one cannot answer, the
        /// ensemble cannot.
        package var ensemble: [Proto.EnsembleMember] = []
        /// Asked as well, without any influence on the answer, which tells how they differ from it. At most 4.
        package var shadows: [String] = []
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(policy: Proto.Policy = .init(rawValue: 0), fallbacks: [String] = [], ensemble: [Proto.EnsembleMember] = [], shadows: [String] = []) {
            self.policy = policy
            self.fallbacks = fallbacks
            self.ensemble = ensemble
            self.shadows = shadows
        }

        package static let fullName = "mien.v1.Routing"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__Routing
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__routing__type() }

        init(c: UnsafePointer<C>) {
            policy = Proto.Policy(rawValue: .init(truncatingIfNeeded: c.pointee.policy.rawValue))
            fallbacks = (0..<c.pointee.n_fallbacks).map { readString(c.pointee.fallbacks[$0]) }
            ensemble = readMessages(c.pointee.ensemble, c.pointee.n_ensemble)
            shadows = (0..<c.pointee.n_shadows).map { readString(c.pointee.shadows[$0]) }
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__routing__init(c)
            c.pointee.policy = Mien__V1__Policy(rawValue: .init(truncatingIfNeeded: policy.rawValue))
            if !fallbacks.isEmpty {
                c.pointee.n_fallbacks = fallbacks.count
                c.pointee.fallbacks = arena.list(fallbacks) { value, arena in arena.string(value) }
            }
            if !ensemble.isEmpty {
                c.pointee.n_ensemble = ensemble.count
                c.pointee.ensemble = arena.list(ensemble) { value, arena in arena.message(value) }
            }
            if !shadows.isEmpty {
                c.pointee.n_shadows = shadows.count
                c.pointee.shadows = arena.list(shadows) { value, arena in arena.string(value) }
            }
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }

    package struct EnsembleMember: ProtoMessage, CMessage {
        package var estimator: String = ""
        /// Above 0; 0: 1.
        package var weight: Float = 0
        /// Fields of newer versions, kept as they came.
        package var unknownFields: [UnknownField] = []

        package init() {}

        package init(estimator: String = "", weight: Float = 0) {
            self.estimator = estimator
            self.weight = weight
        }

        package static let fullName = "mien.v1.EnsembleMember"

        package init(decoding bytes: UnsafeRawBufferPointer, limits: MessageLimits) throws(MessageError) {
            self = try decodeMessage(bytes, limits)
        }

        package func append(to buffer: inout [UInt8], framed: Bool) {
            appendMessage(self, to: &buffer, framed: framed)
        }

        typealias C = Mien__V1__EnsembleMember
        static var descriptor: UnsafePointer<ProtobufCMessageDescriptor> { mien__v1__ensemble_member__type() }

        init(c: UnsafePointer<C>) {
            estimator = readString(c.pointee.estimator)
            weight = c.pointee.weight
            unknownFields = readUnknownFields(c.pointee.base)
        }

        func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena) {
            mien__v1__ensemble_member__init(c)
            if !estimator.isEmpty { c.pointee.estimator = arena.string(estimator) }
            c.pointee.weight = weight
            c.pointee.base.n_unknown_fields = .init(unknownFields.count)
            c.pointee.base.unknown_fields = arena.unknownFields(unknownFields)
        }
    }
}
