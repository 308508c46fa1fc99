import CPluginABI
import InferenceCore
import MienEstimation
import MienMedia

// The functions of the host's table. Each looks up who calls, checks what it is given, and turns what goes wrong into a status: nothing is thrown through C.

/// Does a function of the host for a plugin. Words go to its buffer, and to the log if it has none: a status alone helps nobody who writes a plugin.
func serve(_ services: HostServices?, _ function: StaticString, _ message: MessageBuffer? = nil, _ body: (HostServices) throws(Refusal) -> Void) -> mien_status {
    guard let services else {
        message?.write("\(function) was not given a host or a question that it knows")
        return mien_status(MIEN_INVALID)
    }
    do throws(Refusal) {
        try body(services)
        return mien_status(MIEN_OK)
    } catch {
        message?.write(error.words)
        if message?.start == nil { services.write(UInt32(MIEN_WARNING), "\(function): \(error.words)") }
        return error.status
    }
}

/// The same for functions that belong to a question.
func serve(_ question: LibraryQuestion?, _ function: StaticString, _ message: MessageBuffer? = nil, _ body: (LibraryQuestion) throws(Refusal) -> Void) -> mien_status {
    serve(question?.services, function, message) { (_) throws(Refusal) in try body(question!) }
}

extension mien_host {
    /// What every plugin gets.
    static var functions: mien_host {
        var table = mien_host()
        table.abi = UInt32(MIEN_PLUGIN_ABI)
        table.size = UInt32(MemoryLayout<mien_host>.size)
        table.threads = UInt32(WorkerPool.shared.threads)
        table.setWork()
        table.setAnswers()
        table.setMedia()
        table.setNetworks()
        return table
    }

    private mutating func setWork() {
        log = { host, level, text in
            _ = serve(HostServices.at(host), "log") { (services) throws(Refusal) in
                guard (MIEN_TRACE...MIEN_CRITICAL).contains(Int(level)) else { throw .invalid("there is no level \(level)") }
                services.write(UInt32(level), try PluginText.read(text, "text"))
            }
        }
        parallel_for = { host, count, body, context in
            serve(HostServices.at(host), "parallel_for") { (_) throws(Refusal) in
                guard let body else { throw .invalid("body is NULL") }
                guard (0...Int.max / 2).contains(count) else { throw .tooMuch("a count of \(UInt(bitPattern: count))") }
                WorkerPool.shared.parallelFor(count) { body(context, $0.lowerBound, $0.upperBound) }
            }
        }
        is_cancelled = { question in LibraryQuestion.at(question)?.context.isCancelled ?? true }
        time_left = { question in
            guard let question = LibraryQuestion.at(question) else { return 0 }
            guard let deadline = question.context.deadline else { return .max }
            let (seconds, attoseconds) = max(deadline - .now, .zero).components
            let (microseconds, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000)
            return overflows ? .max : microseconds + attoseconds / 1_000_000_000_000
        }
        scratch = { question, bytes in
            var memory: UnsafeMutableRawPointer?
            _ = serve(LibraryQuestion.at(question), "scratch") { (question) throws(Refusal) in memory = try question.scratch(bytes) }
            return memory
        }
    }

    private mutating func setMedia() {
        resize = { host, how, pixels, width, height, channels, target, targetWidth, targetHeight in
            serve(HostServices.at(host), "resize") { (_) throws(Refusal) in
                guard let pixels, let target else { throw .invalid("\(pixels == nil ? "pixels" : "target") is NULL") }
                let extents: ClosedRange<UInt32> = 1...16384
                guard [width, height, targetWidth, targetHeight].allSatisfy(extents.contains), channels == 1 || channels == 3 else {
                    throw .invalid("from \(width) x \(height) to \(targetWidth) x \(targetHeight) pixels of \(channels) channels")
                }
                let source = UnsafeBufferPointer(start: pixels, count: Int(width) * Int(height) * Int(channels))
                let picture = Picture(width: Int(width), height: Int(height), format: channels == 1 ? .gray : .rgb, pixels: Array(source)), result: Picture
                switch Int(how) {
                case MIEN_RESIZE_SMOOTH: result = picture.resizedSmoothly(width: Int(targetWidth), height: Int(targetHeight))
                case MIEN_RESIZE_BILINEAR: result = picture.resizedBilinear(width: Int(targetWidth), height: Int(targetHeight))
                default: throw .invalid("there is no way \(how) to resize")
                }
                result.pixels.withUnsafeBufferPointer { target.update(from: $0.baseAddress!, count: $0.count) }
            }
        }
        log_mel = { host, samples, count, mels, window, target, targetCount in
            serve(HostServices.at(host), "log_mel") { (services) throws(Refusal) in
                guard count >= 0, (1...128).contains(mels), (0...LogMel.maximumFrames).contains(window) else { throw .invalid("\(mels) mels, a window of \(window) frames") }
                let frames = window > 0 ? window : count / LogMel.hop
                guard frames <= LogMel.maximumFrames, targetCount == frames * Int(mels) else {
                    throw .invalid("the target has room for \(targetCount) values; they are \(frames) frames of \(mels)")
                }
                guard frames > 0 else { return }
                let samples = UnsafeBufferPointer(start: count == 0 ? samples : try .lent(samples, "samples"), count: samples == nil ? 0 : count)
                let target = try UnsafeMutablePointer.lent(target, "target")
                do throws(LogMelError) {
                    let features = try services.logMel(Int(mels)).features(of: samples, window: window > 0 ? window : nil)
                    features.withUnsafeBufferPointer { target.update(from: $0.baseAddress!, count: $0.count) }
                } catch {
                    throw .failed("\(error)")
                }
            }
        }
    }
}
