# Runs inside the sandbox: loads every test file, and tells minitest's results through the door.
require_relative "backsmith_door"
require "minitest"

module BacksmithReport
  class Reporter < Minitest::AbstractReporter
    def initialize
      super
      @tell = BacksmithDoor.open
      @failed = false
    end

    def prerecord(klass, name)
      @tell.call(event: "started", id: "#{klass}::#{name}")
    end

    def record(result)
      failure = result.failure
      outcome = failure.nil? ? "passed" : result.skipped? ? "skipped" : result.error? ? "errored" : "failed"
      @failed ||= %w[failed errored].include?(outcome)
      message = failure ? BacksmithDoor.bounded(failure.message) : ""
      id = "#{result.klass}::#{result.name}"
      @tell.call(event: "result", id: id, outcome: outcome, message: message, seconds: result.time)
    end

    def report
      @tell.call(event: "tampered", what: "an assertion of ours that has to fail did not") unless fails?
      @tell.call(event: "finished")
    end

    def fails?
      Minitest::Test.new("backsmith").assert_equal([1], [2])
      false
    rescue Minitest::Assertion
      true
    end

    def passed?
      !@failed
    end
  end
end

BacksmithReport::Reporter.freeze
reporter = BacksmithReport::Reporter.new
Minitest.extensions << "backsmith"
Minitest.define_singleton_method(:plugin_backsmith_init) { |_options| self.reporter << reporter }

$LOAD_PATH.unshift(File.expand_path("test"), File.expand_path("lib"), Dir.pwd)
require "minitest/autorun"
Dir["test/**/{test_*,*_test}.rb"].sort.each { |file| require File.expand_path(file) }
