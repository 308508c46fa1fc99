import CMessageValidator
import COnnxProtos

/// One operator of an ONNX graph, with its attributes by name and checked types.
///
/// It notes which attributes were asked for, so that one that nobody understood is an error and not a silently different result.
final class OnnxNode {
    let operation: String
    let name: String
    let domain: String
    let inputs: [String]
    let outputs: [String]
    private var attributes: [String: UnsafeMutablePointer<Onnx__AttributeProto>] = [:]
    private var unread: Set<String> = []

    init(_ proto: UnsafeMutablePointer<Onnx__NodeProto>) throws(ModelFileError) {
        operation = text(proto.pointee.op_type)
        domain = text(proto.pointee.domain)
        inputs = repeated(proto.pointee.input, proto.pointee.n_input).map(text)
        outputs = repeated(proto.pointee.output, proto.pointee.n_output).map(text)
        let given = text(proto.pointee.name)
        name = given.isEmpty ? outputs.first ?? "" : given // exporters often leave nodes without a name
        for attribute in repeated(proto.pointee.attribute, proto.pointee.n_attribute) {
            guard let attribute else { continue }
            let key = text(attribute.pointee.name)
            if attributes.updateValue(attribute, forKey: key) != nil { throw error(.malformed, "attribute '\(key)' occurs twice") }
            unread.insert(key)
        }
    }

    /// An error of kind `.unsupported` that names the operator and the node.
    func error(_ reason: String) -> ModelFileError { error(.unsupported, reason) }

    func error(_ kind: ModelFileError.Kind, _ reason: String) -> ModelFileError {
        let shown = domain.isEmpty || domain == "ai.onnx" ? operation : "\(domain).\(operation)"
        return ModelFileError(kind, "operator \(shown), node '\(name)': \(reason)")
    }

    /// Name of input `index`, or nil if it is left out.
    func input(_ index: Int) -> String? { index < inputs.count && !inputs[index].isEmpty ? inputs[index] : nil }

    /// Fails if the node has attributes that no one asked for.
    func finishAttributes() throws(ModelFileError) {
        if let key = unread.min() { throw error("attribute '\(key)' is not supported") }
    }

    // MARK: Attributes

    func has(_ key: String) -> Bool { attributes[key] != nil }

    func int(_ key: String) throws(ModelFileError) -> Int? {
        try attribute(key, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT, "a whole number").map { Int($0.pointee.i) }
    }

    func float(_ key: String) throws(ModelFileError) -> Float? {
        guard let attribute = try attribute(key, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT, "a number") else { return nil }
        // ±infinity and NaN have no honest use in the operators read here.
        guard attribute.pointee.f.isFinite else { throw error(.malformed, "attribute '\(key)' is \(attribute.pointee.f)") }
        return attribute.pointee.f
    }

    func string(_ key: String) throws(ModelFileError) -> String? {
        guard let attribute = try attribute(key, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING, "a string") else { return nil }
        return String(decoding: UnsafeRawBufferPointer(start: attribute.pointee.s.data, count: attribute.pointee.s.len), as: UTF8.self)
    }

    func ints(_ key: String) throws(ModelFileError) -> [Int]? {
        guard let attribute = try attribute(key, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS, "whole numbers") else { return nil }
        return repeated(attribute.pointee.ints, attribute.pointee.n_ints).map { Int($0) }
    }

    func floats(_ key: String) throws(ModelFileError) -> [Float]? {
        guard let attribute = try attribute(key, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS, "numbers") else { return nil }
        return Array(repeated(attribute.pointee.floats, attribute.pointee.n_floats))
    }

    func tensor(_ key: String) throws(ModelFileError) -> OnnxTensor? {
        guard let attribute = try attribute(key, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR, "a tensor") else { return nil }
        guard let tensor = attribute.pointee.t else { throw error(.malformed, "attribute '\(key)' is empty") }
        return try OnnxTensor(tensor, name: outputs.first ?? name)
    }

    /// An int attribute that must be within `range`.
    func int(_ key: String, default standard: Int, in range: ClosedRange<Int>) throws(ModelFileError) -> Int {
        let value = try int(key) ?? standard
        guard range.contains(value) else {
            throw error("attribute '\(key)' is \(value), supported: \(range.lowerBound)...\(range.upperBound)")
        }
        return value
    }

    /// Reads an int attribute that may only have one value.
    func require(_ key: String, _ value: Int, _ reason: String) throws(ModelFileError) {
        if let found = try int(key), found != value { throw error(reason) }
    }

    /// Marks attributes as understood that do not change the result.
    func ignore(_ keys: String...) { unread.subtract(keys) }

    private func attribute(
        _ key: String, _ type: Onnx__AttributeProto__AttributeType, _ expected: String
    ) throws(ModelFileError) -> UnsafeMutablePointer<Onnx__AttributeProto>? {
        guard let attribute = attributes[key] else { return nil }
        unread.remove(key)
        guard attribute.pointee.type == type else { throw error(.malformed, "attribute '\(key)' is not \(expected)") }
        return attribute
    }
}
