import CProcess
import Synchronization
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Notices that the parent process has died, however it died and whatever this process is doing.
///
/// Three ways, because each has a hole: a process descriptor of the parent (not in every sandbox), the kernel's signal at the parent's death
/// (comes as well when only the thread that spawned us ends, so it is a reason to look and no more), and a look at the parent's number
/// twice a second. The end of stdin is none of them: another process may hold the pipe open.
package enum ParentWatch {
    private static let watch = Locked<Watch?>(nil)
    /// Where the signal handler writes.
    private static let signalEnd = Atomic<CInt>(-1)

    private struct Watch: Sendable { var parent: CInt }

    /// Starts the watch, once per process. `onDeath` is called once, on a thread of its own.
    ///
    /// A parent that has died before this call shows by its successor's session, which is another than ours; where even that is the same,
    /// only `parent` helps.
    ///
    /// - Parameter parent: The process to watch, if the caller knows better than `getppid()`, because the parent has told.
    package static func start(parent: CInt? = nil, onDeath: @escaping @Sendable () -> Void) {
        let parent = parent ?? getppid()
        let isFirst = watch.withLock { watch in
            if watch != nil { return false }
            watch = Watch(parent: parent)
            return true
        }
        guard isFirst else { return }
        let wake = Wakeup()
        installSignal(wake)
        Thread {
            mien_name_thread("mien-parent")
            let descriptor = mien_process_descriptor(parent)
            let wasOrphaned = isOrphan(parent)
            while !wasOrphaned, getppid() == parent {
                // An invalid descriptor is passed over by poll.
                if pollDescriptors(descriptor, CInt(POLLIN), wake.descriptor, 500).second != 0 { wake.reset() }
                // Readable means dead, even before getppid() knows.
                if descriptor >= 0, pollDescriptors(descriptor, CInt(POLLIN), -1, 0).first != 0 { break }
            }
            onDeath()
        }.detach()
    }

    /// A child is in its parent's session or leads its own; in any other case the parent has been replaced by the process that adopts orphans.
    private static func isOrphan(_ parent: CInt) -> Bool {
        let own = getsid(0), parents = getsid(parent)
        return own != getpid() && own >= 0 && parents >= 0 && own != parents
    }

    private static func installSignal(_ wake: Wakeup) {
        #if os(Linux)
        // SIGURG is ignored by default: harmless in a process that takes over ours by exec, and used by nobody else here.
        signalEnd.store(wake.writeDescriptor, ordering: .sequentiallyConsistent)
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in
            let saved = errno
            var byte: UInt8 = 1
            _ = write(ParentWatch.signalEnd.load(ordering: .relaxed), &byte, 1)
            errno = saved
        }
        action.sa_flags = SA_RESTART
        sigaction(SIGURG, &action, nil)
        _ = mien_signal_on_parent_death(SIGURG)
        #endif
    }
}
