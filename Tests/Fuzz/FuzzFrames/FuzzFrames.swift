import MienMessages
import MienWire

/// libFuzzer's entry: any bytes are a stream of frames, cut anywhere, or a violation of the protocol. What decodes must survive being
/// encoded and decoded again, and payloads that claim to be messages of ours are decoded too.
@c(LLVMFuzzerTestOneInput)
public func fuzzFrames(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    let input = UnsafeRawBufferPointer(start: data, count: size)
    // The first byte says in which portions the rest arrives.
    guard let portion = input.first.map({ Int($0) + 1 }) else { return 0 }
    var buffer = FrameBuffer(maxFrameBytes: 1 << 20, usualBytes: 64)
    var at = 1
    do throws(ProtocolViolation) {
        while at < size {
            at += buffer.fill { space in
                let count = min(portion, space.count, size - at)
                space.copyMemory(from: UnsafeRawBufferPointer(rebasing: input[at..<(at + count)]))
                return count
            }
            while let frame = try buffer.next({ try? Proto.Frame(decoding: $0) }) {
                if let frame { check(frame) }
            }
        }
        precondition(buffer.truncation.map { !$0.isEmpty } ?? (buffer.count == 0))
    } catch {
        precondition(!error.description.isEmpty)
    }
    return 0
}

private func checkRoundTrip<M: ProtoMessage>(_ message: M) {
    let again = try! M(decoding: message.encoded())
    // NaN is unequal to itself, its bytes are not.
    precondition(again == message || again.encoded() == message.encoded())
}

private func check(_ frame: Proto.Frame) {
    checkRoundTrip(frame)
    var payload: [UInt8]?
    switch frame.kind {
    case .open(let open): payload = open.message
    case .message(let message): payload = message.data
    case .status(let status): payload = status.answer ?? status.details.first?.value
    case .hello(let hello): _ = try? Handshake.accept(hello)
    default: break
    }
    guard let payload else { return }
    if let request = try? Proto.EstimateFaceRequest(decoding: payload) { checkRoundTrip(request) }
    if let response = try? Proto.EstimateFaceResponse(decoding: payload) { checkRoundTrip(response) }
    if let request = try? Proto.EstimateVoiceRequest(decoding: payload) { checkRoundTrip(request) }
    if let response = try? Proto.EstimateVoiceResponse(decoding: payload) { checkRoundTrip(response) }
    if let list = try? Proto.HealthListResponse(decoding: payload) { checkRoundTrip(list) }
}
