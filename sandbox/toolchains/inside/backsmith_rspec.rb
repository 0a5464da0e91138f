# Runs inside the sandbox: RSpec's formatter, loaded before any spec.
require_relative "backsmith_door"
require "rspec/core"
require "rspec/expectations"

class BacksmithFormatter
  RSpec::Core::Formatters.register self, :start, :example_started, :example_passed, :example_failed,
                                   :example_pending, :message, :dump_summary, :close

  def initialize(_output)
    @tell = BacksmithDoor.open
  end

  def start(_notification)
    RSpec.world.filtered_examples.each_value { |list| list.each { |one| @tell.call(event: "collected", id: name(one)) } }
  end

  def example_started(_notification); end

  def message(_notification); end

  def example_passed(notification)
    result(notification.example, "passed", "")
  end

  def example_failed(notification)
    result(notification.example, "failed", notification.message_lines.join("\n"))
  end

  def example_pending(notification)
    result(notification.example, "skipped", notification.example.execution_result.pending_message)
  end

  def dump_summary(notification)
    outside = notification.errors_outside_of_examples_count
    @tell.call(event: "problem", what: "#{outside} error(s) outside of examples: files could not be loaded") if outside.positive?
  end

  def close(_notification)
    @tell.call(event: "tampered", what: "an expectation of ours that has to fail did not") unless fails?
    @tell.call(event: "finished")
  end

  private

  def fails?
    RSpec::Expectations::ExpectationTarget.for([1], nil).to(RSpec::Matchers::BuiltIn::Eq.new([2]))
    false
  rescue RSpec::Expectations::ExpectationNotMetError
    true
  end

  def name(example)
    "#{example.metadata[:file_path].to_s.delete_prefix('./')}::#{example.full_description}"
  end

  def result(example, outcome, message)
    seconds = example.execution_result.run_time.to_f
    @tell.call(event: "result", id: name(example), outcome: outcome, message: BacksmithDoor.bounded(message), seconds: seconds)
  end
end

BacksmithFormatter.freeze
