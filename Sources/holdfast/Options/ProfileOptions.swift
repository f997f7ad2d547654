import ArgumentParser

/// Whether a command accounts for its time.
struct ProfileOptions: ParsableArguments {
  @Flag(
    help: ArgumentHelp(
      "Say after the run where its time went, and what bound it.",
      discussion: """
        A table on stderr: waiting for images, forward, backward, optimiser, evaluation, and so on; \\
        a run folder has it as the event "profile" of metrics.jsonl.
        """))
  var profile = false
}
