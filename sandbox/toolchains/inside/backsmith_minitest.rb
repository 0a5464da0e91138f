# Runs inside the sandbox: loads every test file, and writes minitest's results as JSON beside the project.
# The shape is RSpec's, so that one reader does for both.
require "json"
require "minitest"

module BacksmithReport
  class Reporter < Minitest::AbstractReporter
    def initialize
      super
      @examples = []
    end

    def record(result)
      failure = result.failure
      status = failure.nil? ? "passed" : (result.skipped? ? "pending" : "failed")
      @examples << {
        "full_description" => "#{result.klass}::#{result.name}", "file_path" => "", "status" => status,
        "run_time" => result.time, "errored" => result.error?,
        "exception" => failure && { "message" => failure.message.to_s[0, 8000].scrub }
      }
    end

    def report
      path = ENV.fetch("BACKSMITH_REPORT")
      File.write("#{path}.draft", JSON.generate({ "examples" => @examples, "summary" => {} }))
      File.rename("#{path}.draft", path)
    end

    def passed?
      @examples.none? { |example| example["status"] == "failed" }
    end
  end
end

Minitest.extensions << "backsmith"

module Minitest
  def self.plugin_backsmith_init(_options)
    reporter << BacksmithReport::Reporter.new
  end
end

$LOAD_PATH.unshift(File.expand_path("test"), File.expand_path("lib"), Dir.pwd)
require "minitest/autorun"
Dir["test/**/{test_*,*_test}.rb"].sort.each { |file| require File.expand_path(file) }
