"""Where an MFA code comes from when nothing else has it: values that say how to ask, one file for each way.

choice.py     the table of them, and which one it is
driver.py     what each of them says about itself
"""
